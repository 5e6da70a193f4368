import { batchFunctions } from './batch.ts';
import { defineScript, snapshotFunction, type Script } from './script.ts';

/**
 * Writes new jobs, each if nothing stands in its place: what \`applySubmit\` of core says of an absent record, which the
 * caller has asked. KEYS: epoch, tally, events, \`all\`, standing, the queued jobs, then the record of each job and the lines.
 * ARGV: …, the mark of the caller's handle, and the jobs as JSON: for each the number of its record's key and of its line's, short id,
 * operation, most waiting, its score in line, files, bytes, the body that is kept beside the record or nothing, and its
 * fields. Texts stand beside the record under its key and \`:b\` or \`:r\`.
 * Replies the time and for each \`new\`, \`full\`, or a snapshot of what stands there.
 */
export const submitScript: Script = defineScript('submit 1', `${snapshotFunction}${batchFunctions}
local tally, events, all, standing, queuedJobs = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local replies, waiting, nowText = {}, {}, text(now)
for number, job in ipairs(cjson.decode(ARGV[4])) do
  local record, short, operation = KEYS[job[1]], job[3], job[4]
  local counter = 'w:' .. operation
  if redis.call('EXISTS', record) == 1 then replies[number] = snapshot(record, record .. ':b', record .. ':r')
  else
    waiting[counter] = waiting[counter] or tonumber(redis.call('HGET', tally, counter) or '0')
    if waiting[counter] >= job[5] then replies[number] = 'full'
    else
      waiting[counter] = waiting[counter] + 1
      local entered = place(now, now, number, short)
      redis.call('HSET', record, 'r', '1', 'n', nowText, 'c', nowText, 'u', nowText, 'lm', entered, 'h', ARGV[3], unpack(job[10]))
      if job[9] ~= '' then redis.call('SET', record .. ':b', job[9]) end
      add(all, nowText, short)
      add(standing, nowText, short)
      add(queuedJobs, nowText, short)
      add(KEYS[job[2]], text(job[6]), entered)
      count(counter, 1)
      count('n:' .. operation, 1)
      count('#files', job[7])
      count('#bytes', job[8])
      tell(short .. ' 1 q 0 0 waiting')
      replies[number] = 'new'
    end
  end
end
write(tally, events)
return {'OK', nowText, replies}
`);
