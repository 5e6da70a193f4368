import { batchFunctions } from './batch.ts';
import { defineScript, type Script } from './script.ts';

/** Completes what a worker has done: \`applyCommit\` of core, for an outcome that completes, on the fields of the hash. */
const commitFunction = `
local floors = {}
local function rank(key, operation, wallMs, short)
  local floor = floors[key]
  if floor == nil then
    floor = redis.call('HGET', tally, 'fl:' .. operation)
    floors[key] = {at = floor and tonumber(floor) or -1, operation = operation}
    floor = floors[key]
  end
  if wallMs >= floor.at then add(key, text(wallMs), short) end
end
local function keepLongest()
  for key, floor in pairs(floors) do
    local most = redis.call('ZCARD', key) - 100
    if most > 0 then
      local dropped = redis.call('ZPOPMIN', key, most)
      redis.call('HSET', tally, 'fl:' .. floor.operation, dropped[#dropped])
    end
  end
end

local function commit(done)
  local record, short, operation = KEYS[done[1]], done[2], done[4]
  local f = redis.pcall('HMGET', record, 'st', 'tk', 'r', 'g')
  if f.err then return 'f' end
  if f[1] ~= 'r' or f[2] ~= done[3] then return 'l' end
  local revision = text((tonumber(f[3]) or 0) + 1)
  redis.call('HDEL', record, unpack(done[10]))
  redis.call('HSET', record, 'st', 'c', 'r', revision, 'u', nowText, unpack(done[11]))
  if done[12] == '-' then redis.call('DEL', record .. ':r') elseif done[12] ~= '' then redis.call('SET', record .. ':r', done[12]) end
  remove(lease, short)
  remove(runningJobs, short)
  add(expiry, text(now + done[6]), short)
  rank(KEYS[done[5]], operation, done[7], short)
  count('r:' .. operation, -1)
  count('c:' .. operation, 1)
  count('ms:' .. operation, done[7])
  count('#files', done[8])
  count('#bytes', done[9])
  tell(short .. ' ' .. (f[4] or '1') .. ' c 0 1 completed')
  return 'o' .. revision
end
`;

/** Takes a job out of the line: what \`applyClaim\` of core does, on the fields of the hash. */
const claimFunction = `
-- The fields and, flat, all that stands there; 'none'; or nothing when it cannot be read here.
local function look(record)
  local flat = redis.pcall('HGETALL', record)
  if flat.err then return nil end
  if #flat == 0 then return 'none' end
  local f = {}
  for i = 1, #flat, 2 do f[flat[i]] = flat[i + 1] end
  if f.v ~= version or not f.st or not f.op or not tonumber(f.c) or not tonumber(f.u) or not tonumber(f.n) or not tonumber(f.r) then return nil end
  if not tonumber(f.a or '0') or not tonumber(f.ui or '0') or not tonumber(f.p or '0') or not tonumber(f.q or '0') then return nil end
  return f, flat
end

local drawn = 0
local function claim(ask, record, short, f, flat, line)
  drawn = drawn + 1
  local token, untilTime = tokens[drawn], text(now + ask[5])
  -- Whoever wrote it knows it: then its revision is enough.
  local shot = f.h == handle and {'known', f.r} or {'hash', flat, f.B == '>' and redis.call('GET', record .. ':b'), f.R == '>' and redis.call('GET', record .. ':r')}
  redis.call('HSET', record, 'st', 'r', 'tk', token, 'ca', nowText, 'lu', untilTime, 'a', text(tonumber(f.a or '0') + 1),
    'ui', text(tonumber(f.ui or '0') + math.max(0, now - tonumber(f.u))), 'ph', 'starting', 's', f.s or nowText, 'u', nowText, 'r', text(tonumber(f.r) + 1), unpack(ask[4]))
  redis.call('HDEL', record, 'lm', 'h')
  redis.call('ZREM', line, f.lm or '')
  remove(standing, short)
  remove(queuedJobs, short)
  add(runningJobs, f.c, short)
  add(lease, untilTime, short)
  count('w:' .. f.op, -1)
  count('r:' .. f.op, 1)
  tell(short .. ' ' .. (f.g or '1') .. ' r 0 ' .. (f.pg or '0') .. ' starting')
  return {short, token, shot}
end

local function claimPointers(ask, claimed, foreign)
  for _, pointer in ipairs(ask[3]) do
    if #claimed == ask[1] then return end
    local record, short = KEYS[pointer[1]], pointer[2]
    local f, flat = look(record)
    if f == nil then foreign[#foreign + 1] = short
    elseif f ~= 'none' and f.st == 'q' and f.n == pointer[3] and ask[2][f.op] then claimed[#claimed + 1] = claim(ask, record, short, f, flat, KEYS[ask[2][f.op]]) end
  end
end

local function firstInLine(lines)
  local best
  for _, number in pairs(lines) do
    local head = redis.call('ZRANGE', KEYS[number], 0, 0, 'WITHSCORES')
    if head[1] and (not best or tonumber(head[2]) < best.score or (tonumber(head[2]) == best.score and head[1] < best.member)) then
      best = {member = head[1], score = tonumber(head[2]), line = KEYS[number]}
    end
  end
  return best
end

-- The keys of these records come from the lines, so they cannot be declared; they share the slot of all the others.
local function claimFromLine(ask, claimed, foreign)
  local looked = 0
  while #claimed < ask[1] and looked < ask[1] + 100 do
    local head = firstInLine(ask[2])
    if not head then return end
    looked = looked + 1
    local short = string.sub(head.member, -26)
    local record = root .. short
    local f, flat = look(record)
    if f and f ~= 'none' and f.st == 'q' and f.lm == head.member then claimed[#claimed + 1] = claim(ask, record, short, f, flat, head.line)
    else
      redis.call('ZREM', head.line, head.member)
      if f == nil then foreign[#foreign + 1] = short end
    end
  end
end
`;

/**
 * What workers of one process ask for in one turn: first what they completed, then what they claim.
 *
 * KEYS: epoch, tally, events, lease, standing, the queued and the running jobs, expiry, then whatever the numbers name.
 * ARGV: …, version, mark of the handle, root of record keys, and as JSON the list of commits, of asks, and of tokens.
 * A commit: number of its record's key, short id, token, operation, number of the list of the longest, time to live, wall time, change of files and
 * of bytes, fields to delete, fields to set, and the text beside it (\`-\` removes it).
 * An ask: limit, numbers of lines by operation, pointers (number, short id, dispatch number) or false for the line, fields of the owner, lease.
 * Replies the time; for each commit o(k) with the revision, l(ost), or f(oreign); for each ask what was claimed (short id,
 * token, snapshot before), and short ids that cannot be read.
 */
export const workScript: Script = defineScript('work 2', `${batchFunctions}
local tally, events, lease, standing, queuedJobs, runningJobs, expiry = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local version, handle, root, nowText = ARGV[3], ARGV[4], ARGV[5], text(now)
local commits, asks, tokens = unpack(cjson.decode(ARGV[6]))
${commitFunction}${claimFunction}
local ended, taken = {}, {}
for i, done in ipairs(commits) do ended[i] = commit(done) end
for i, ask in ipairs(asks) do
  local claimed, foreign = {}, {}
  if ask[3] then claimPointers(ask, claimed, foreign) else claimFromLine(ask, claimed, foreign) end
  taken[i] = {claimed, foreign}
end
write(tally, events)
keepLongest()
return {'OK', nowText, ended, taken}
`);
