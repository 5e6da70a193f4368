import { createHash } from 'node:crypto';

/** A Lua script: one atomic act on the server. */
export interface Script {
  /** Name and version. Two releases on one server never share a script: its digest is its name. */
  readonly name: string;
  readonly source: string;
  /** SHA-1 of the source, as `EVALSHA` wants it. */
  readonly sha: string;
}

/**
 * What every script begins with. `KEYS[1]` is the key of the epoch, `ARGV[1]` the value that the caller believes in: when a
 * reset came in between nothing happens, and the caller looks up the new one. `ARGV[2]` is added to the server's time.
 */
const prelude = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'EPOCH'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])
local function text(number) return string.format('%.0f', number) end
`;

/** Makes a script of a body that begins after the prelude. */
export function defineScript(name: string, body: string): Script {
  return plainScript(name, prelude + body);
}

/** Makes a script that minds no epoch. */
export function plainScript(name: string, body: string): Script {
  const source = `-- media-jobs ${name}${body}`;
  return Object.freeze({ name, source, sha: createHash('sha1').update(source).digest('hex') });
}

/** Tells what stands at a record's key: `none`, `hash` with its fields and texts, `text`, or `other`. */
export const snapshotFunction = `
local function snapshot(record, body, result)
  local kind = redis.call('TYPE', record).ok
  if kind == 'none' then return {'none'} end
  if kind == 'string' then return {'text', redis.call('GET', record)} end
  if kind ~= 'hash' then return {'other', kind} end
  local fields = redis.call('HGETALL', record)
  local texts = {false, false}
  for i = 1, #fields, 2 do
    if fields[i + 1] == '>' and fields[i] == 'B' then texts[1] = redis.call('GET', body) end
    if fields[i + 1] == '>' and fields[i] == 'R' then texts[2] = redis.call('GET', result) end
  end
  return {'hash', fields, texts[1], texts[2]}
end
`;
