import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By this variable its processes are known, whatever they do. */
const variable = 'SCRIPTED_YT_DLP';

/** A program that takes the arguments of yt-dlp and behaves as its script says. */
export interface ScriptedYtDlp {
  readonly command: string;
  /** The arguments of its last run. */
  args(): readonly string[];
  /** What of it still runs. */
  survivors(): readonly string[];
}

/**
 * Writes the program. `body` is the inside of an async function with `out(name, bytes)` (writes a file into its folder), `say(line)`,
 * `complain(line)` (then ends with 1), `get(url)` (through the proxy it was given; the status), `folder`, `url`, `sleep(ms)` and `fs`.
 */
export function scriptYtDlp(folder: string, body: string): ScriptedYtDlp {
  const [command, argsFile] = [join(folder, 'yt-dlp'), join(folder, 'args.json')];
  process.env[variable] = folder;
  writeFileSync(command, `#!${process.execPath}
const fs = require('node:fs'), net = require('node:net'), path = require('node:path');
const args = process.argv.slice(2);
if (args.includes('--version')) { console.log('2026.11.01'); process.exit(0); }
fs.writeFileSync(${JSON.stringify(argsFile)}, JSON.stringify(args));
const value = (name) => args[args.indexOf(name) + 1];
const template = value('--output'), url = args.at(-1), folder = path.dirname(template);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const out = (name, bytes) => fs.writeFileSync(path.join(folder, name), Buffer.alloc(bytes, 7));
const say = (line) => fs.writeSync(1, line + '\\n');
const complain = (line) => { fs.writeSync(2, line + '\\n'); process.exit(1); };
const get = (target) => new Promise((resolve, reject) => {
  const proxy = new URL(value('--proxy')), socket = net.connect(Number(proxy.port), proxy.hostname);
  const { host, pathname } = new URL(target);
  const credentials = 'Proxy-Authorization: Basic ' + Buffer.from(proxy.username + ':' + proxy.password).toString('base64') + '\\r\\n';
  let text = '';
  let tunnelled = false;
  const ask = (line) => socket.write('GET ' + line + ' HTTP/1.1\\r\\nHost: ' + host + '\\r\\nConnection: close\\r\\n');
  socket.on('error', reject).on('close', () => resolve(text.split('\\r\\n')[0].split(' ')[1]));
  socket.on('data', (chunk) => {
    text += chunk;
    if (!tunnelled && text.includes('\\r\\n\\r\\n') && text.startsWith('HTTP/1.1 200')) { tunnelled = true; text = ''; ask(pathname); socket.write('\\r\\n'); }
  });
  socket.write('CONNECT ' + host + ' HTTP/1.1\\r\\n' + credentials + '\\r\\n');
});
void (async () => { ${body} })();
`);
  chmodSync(command, 0o755);
  return {
    command,
    args: () => JSON.parse(readFileSync(argsFile, 'utf8')) as string[],
    survivors: () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && environmentOf(pid).includes(`${variable}=${folder}`)),
  };
}

/** Empty for a process that is gone. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
