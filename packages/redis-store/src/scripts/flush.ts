import { epochReplaced } from './epoch.ts';
import { plainScript, type Script } from './script.ts';

/**
 * Guard 8 for a database of one's own: the new epoch is written in the same act that empties everything, so that no moment
 * is without one. KEYS: epoch, eras, settings, cancels. ARGV: the value that is to be replaced; the new one; its era; what the keys of
 * an era begin with. Replies the value that stands afterwards, which is another when somebody else was quicker, and how
 * many jobs went.
 */
export const flushScript: Script = plainScript('flush 2', `
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] then return {present, '0'} end
local jobs = 0
for _, era in ipairs(redis.call('SMEMBERS', KEYS[2])) do jobs = jobs + redis.call('ZCARD', ARGV[4] .. era .. ':all') end
local settings = redis.call('GET', KEYS[3])
redis.call('FLUSHDB', 'ASYNC')
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
if settings then redis.call('SET', KEYS[3], settings) end
redis.call('XADD', KEYS[4], '*', 'e', '${epochReplaced}')
return {ARGV[2], string.format('%.0f', jobs)}
`);
