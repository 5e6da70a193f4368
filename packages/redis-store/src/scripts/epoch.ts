import { defineScript, plainScript, type Script } from './script.ts';

/** Stands in the stream of cancels in place of a move: the epoch was replaced. */
export const epochReplaced = 'epoch';

/** KEYS: epoch. ARGV: offset. Replies the value that stands, or nothing, and the time. */
export const presentScript: Script = plainScript('present 1', `
local clock = redis.call('TIME')
return {redis.call('GET', KEYS[1]) or '', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1]))}
`);

/**
 * Guard 8: a reset is this one act. It forgets the events as well: they are of jobs that are dead; that it took place is told where all
 * workers hear of it. KEYS: epoch, eras, events, cancels. ARGV: the value that is to be replaced, or empty for none; the new
 * one; its era. Replies the value that stands afterwards, which is another when somebody else was quicker.
 */
export const replaceScript: Script = plainScript('replace 4', `
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] then return present end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('UNLINK', KEYS[3])
redis.call('XADD', KEYS[4], 'MAXLEN', 1, '*', 'e', '${epochReplaced}')
return ARGV[2]
`);

/**
 * Guard 9: removes the oldest jobs of an older era only, and with them the texts beside their records. Their ids are known here
 * alone: to bring them to the caller and back would cost more than to remove them. KEYS: epoch, eras, \`all\` of the era.
 * ARGV: …, era, the present era, what the keys of its records begin with, how many. Replies how many went.
 */
export const forgetScript: Script = defineScript('forget 2', `
if ARGV[3] == ARGV[4] then return {'OK', '0'} end
local popped = redis.call('ZPOPMIN', KEYS[3], ARGV[6])
for i = 1, #popped, 200 do
  local doomed = {}
  for j = i, math.min(i + 198, #popped), 2 do
    local record = ARGV[5] .. popped[j]
    doomed[#doomed + 1] = record
    doomed[#doomed + 1] = record .. ':b'
    doomed[#doomed + 1] = record .. ':r'
  end
  redis.call('UNLINK', unpack(doomed))
end
return {'OK', text(#popped / 2)}
`);

/** Forgets an era that has no jobs left. KEYS: epoch, eras, \`all\` of the era, then its other keys. ARGV: …, era, present era. */
export const closeEraScript: Script = defineScript('close-era 1', `
if ARGV[3] == ARGV[4] or redis.call('ZCARD', KEYS[3]) > 0 then return {'OK', '0'} end
redis.call('UNLINK', unpack(KEYS, 3))
redis.call('SREM', KEYS[2], ARGV[3])
return {'OK', '1'}
`);
