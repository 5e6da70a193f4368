import { defineScript, plainScript, type Script } from './script.ts';

/** KEYS: epoch. ARGV: offset. Replies the value that stands, or nothing, and the time. */
export const presentScript: Script = plainScript('present 1', `
local clock = redis.call('TIME')
return {redis.call('GET', KEYS[1]) or '', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1]))}
`);

/**
 * Guard 8: a reset is this one act. It forgets the events as well: they are of jobs that are dead. KEYS: epoch, eras, events. ARGV: the value that is to be replaced, or empty for none; the new
 * one; its era. Replies the value that stands afterwards, which is another when somebody else was quicker.
 */
export const replaceScript: Script = plainScript('replace 2', `
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] then return present end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('UNLINK', KEYS[3])
return ARGV[2]
`);

/**
 * Guard 9: removes jobs of an older era only. KEYS: epoch, eras, \`all\` of the era, then its keys that are to go. ARGV: …,
 * era, the present era, then the short ids that go.
 */
export const forgetScript: Script = defineScript('forget 1', `
if ARGV[3] == ARGV[4] then return {'OK', '0'} end
local removed = 0
if #KEYS > 3 then for i = 4, #KEYS, 500 do redis.call('UNLINK', unpack(KEYS, i, math.min(i + 499, #KEYS))) end end
for i = 5, #ARGV, 500 do removed = removed + redis.call('ZREM', KEYS[3], unpack(ARGV, i, math.min(i + 499, #ARGV))) end
return {'OK', text(removed)}
`);

/** Forgets an era that has no jobs left. KEYS: epoch, eras, \`all\` of the era, then its other keys. ARGV: …, era, present era. */
export const closeEraScript: Script = defineScript('close-era 1', `
if ARGV[3] == ARGV[4] or redis.call('ZCARD', KEYS[3]) > 0 then return {'OK', '0'} end
redis.call('UNLINK', unpack(KEYS, 3))
redis.call('SREM', KEYS[2], ARGV[3])
return {'OK', '1'}
`);
