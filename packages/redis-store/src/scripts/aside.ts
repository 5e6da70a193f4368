import { defineScript, type Script } from './script.ts';

/**
 * Puts a record that cannot be read out of the way, if it still is the one that was looked at. KEYS: epoch, record, body,
 * result, tally, aside, then every sorted set that may name it. ARGV: …, short id, kind, revision or text, seconds that it is
 * kept. With the kind `none` it only clears entries of a record that is gone.
 */
export const asideScript: Script = defineScript('aside 1', `
local kind = redis.call('TYPE', KEYS[2]).ok
if kind == 'none' and ARGV[4] == 'none' then
  for i = 7, #KEYS do redis.call('ZREM', KEYS[i], ARGV[3]) end
  return {'OK', '0'}
end
if kind == 'none' or kind ~= ARGV[4] then return {'OK', '0'} end
if kind == 'string' and redis.call('GET', KEYS[2]) ~= ARGV[5] then return {'OK', '0'} end
if kind == 'hash' and (redis.call('HGET', KEYS[2], 'r') or '') ~= ARGV[5] then return {'OK', '0'} end
local known = kind == 'hash' and redis.call('HMGET', KEYS[2], 'st', 'op') or {}
redis.call('RENAME', KEYS[2], KEYS[6])
redis.call('EXPIRE', KEYS[6], ARGV[6])
redis.call('UNLINK', KEYS[3], KEYS[4])
for i = 7, #KEYS do redis.call('ZREM', KEYS[i], ARGV[3]) end
redis.call('HINCRBY', KEYS[5], '#corrupt', 1)
local counter = ({q = 'w:', w = 'w:', r = 'r:', c = 'c:', f = 'f:'})[known[1] or '']
if known[2] then redis.call('HINCRBY', KEYS[5], 'n:' .. known[2], -1) end
if known[2] and counter then redis.call('HINCRBY', KEYS[5], counter .. known[2], -1) end
return {'OK', '1'}
`);
