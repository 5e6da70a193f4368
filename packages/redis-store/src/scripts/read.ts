import { defineScript, snapshotFunction, type Script } from './script.ts';

/**
 * KEYS: epoch, then record, body and result of each job. ARGV: …, for each job the revision and dispatch number of the form
 * that the caller knows, or nothing. Replies the time and a snapshot of each, or `same`.
 */
export const readScript: Script = defineScript('read 2', `${snapshotFunction}
local reply = {'OK', text(now)}
for i = 2, #KEYS, 3 do
  local known, same = ARGV[2 + (i + 1) / 3], false
  if known ~= '' then
    local f = redis.pcall('HMGET', KEYS[i], 'r', 'n')
    same = not f.err and f[1] and f[2] and f[1] .. ' ' .. f[2] == known
  end
  reply[#reply + 1] = same and 'same' or snapshot(KEYS[i], KEYS[i + 1], KEYS[i + 2])
end
return reply
`);

/** KEYS: epoch, a sorted set. ARGV: …, limit, how much earlier than now. Replies the time and the members whose score has come. */
export const dueScript: Script = defineScript('due 1', `
return {'OK', text(now), redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now - tonumber(ARGV[4])), 'LIMIT', 0, ARGV[3])}
`);

/** KEYS: epoch, tally, standing, then the index of each state, then `all`. */
export const statsScript: Script = defineScript('stats 1', `
local counts = {}
for i = 4, #KEYS do counts[#counts + 1] = redis.call('ZCARD', KEYS[i]) end
return {'OK', text(now), redis.call('HGETALL', KEYS[2]), redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES'), counts}
`);

/** KEYS: epoch, tally. ARGV: …, counters and what is added to each, in turn. */
export const countScript: Script = defineScript('count 2', `
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
return {'OK'}
`);
