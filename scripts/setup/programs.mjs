import { execFile } from 'node:child_process';

const ffmpeg = { name: 'ffmpeg', debianPackage: 'ffmpeg', command: process.env.FFMPEG_PATH || 'ffmpeg', args: ['-version'] };
const ffprobe = { name: 'ffprobe', debianPackage: 'ffmpeg', command: process.env.FFPROBE_PATH || 'ffprobe', args: ['-version'] };
const redis = { name: 'redis-server', debianPackage: 'redis-server', command: 'redis-server', args: ['--version'] };
const forTests = [
  { name: 'espeak-ng', debianPackage: 'espeak-ng', command: 'espeak-ng', args: ['--version'] },
  redis,
  { name: 'chromium', debianPackage: 'chromium', command: process.env.CHROMIUM_PATH || 'chromium', args: ['--version'] },
  { name: 'spin', debianPackage: 'spin', command: 'spin', args: ['-V'] },
  { name: 'cc', debianPackage: 'gcc libc6-dev', command: 'cc', args: ['--version'] },
  { name: 'c++', debianPackage: 'g++', command: 'c++', args: ['--version'] },
  { name: 'make', debianPackage: 'make', command: 'make', args: ['--version'] },
  { name: 'cmake', debianPackage: 'cmake', command: 'cmake', args: ['--version'] },
  { name: 'mkfs.xfs', debianPackage: 'xfsprogs', command: 'mkfs.xfs', args: ['-V'] },
  { name: 'mkfs.ext4', debianPackage: 'e2fsprogs', command: 'mkfs.ext4', args: ['-V'] },
];

/** The programs outside npm that a command needs. */
export function programsFor(mode) {
  if (mode === 'test') return [ffmpeg, ffprobe, ...forTests];
  return mode === 'services' ? [ffmpeg, ffprobe, redis] : [ffmpeg, ffprobe];
}

const runs = ({ command, args }) => new Promise((resolve) => {
  execFile(command, args, { timeout: 20_000 }, (error) => resolve(error === null));
});

/** Those that cannot be run. */
export async function missingPrograms(programs) {
  const works = await Promise.all(programs.map(runs));
  return programs.filter((_, index) => !works[index]);
}
