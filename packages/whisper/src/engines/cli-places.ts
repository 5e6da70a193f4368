import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Which `whisper-cli` is built: for the processor, or for NVIDIA cards. */
export type CliFlavour = 'cpu' | 'cuda';

/** The whisper.cpp whose sources `nodejs-whisper` 0.3.1 ships. */
export const cliVersion = '1.9.1';

/** Where built engines are kept when no folder is given: a cache of this user. */
export const defaultEngineFolder = (): string => join(homedir(), '.cache', 'media-jobs', 'engines');

/**
 * What cmake is told. On x86-64 the build asks for AVX2 and no more: one built for exactly this processor died of instructions that a virtual
 * machine lists but does not have. Elsewhere there is no such middle, and the build is for this machine.
 */
export function buildFlags(flavour: CliFlavour): readonly string[] {
  const native = process.arch === 'x64' ? 'OFF' : 'ON';
  const flags = ['CMAKE_BUILD_TYPE=Release', 'BUILD_SHARED_LIBS=OFF', 'WHISPER_BUILD_TESTS=OFF', 'WHISPER_BUILD_SERVER=OFF', 'GGML_CCACHE=OFF', `GGML_NATIVE=${native}`];
  return [...flags, ...(flavour === 'cuda' ? ['GGML_CUDA=ON'] : [])].map((flag) => `-D${flag}`);
}

/** The built program: its folder names version and flags, so that other flags are another build. */
export function builtProgram(folder: string, flavour: CliFlavour): string {
  const key = createHash('sha256').update([process.platform, process.arch, ...buildFlags(flavour)].join('\n')).digest('hex').slice(0, 8);
  return join(folder, `whisper-cli-${cliVersion}-${flavour}-${key}`, 'whisper-cli');
}
