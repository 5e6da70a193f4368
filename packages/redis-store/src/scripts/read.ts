import { defineScript, snapshotFunction, type Script } from './script.ts';

/** KEYS: epoch, then record, body and result of each job. Replies the time and a snapshot of each. */
export const readScript: Script = defineScript('read 1', `${snapshotFunction}
local reply = {'OK', text(now)}
for i = 2, #KEYS, 3 do reply[#reply + 1] = snapshot(KEYS[i], KEYS[i + 1], KEYS[i + 2]) end
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

/** KEYS: epoch, tally. ARGV: …, cache hits, cache misses. */
export const countScript: Script = defineScript('count 1', `
redis.call('HINCRBY', KEYS[2], '#hit', ARGV[3])
redis.call('HINCRBY', KEYS[2], '#miss', ARGV[4])
return {'OK'}
`);
