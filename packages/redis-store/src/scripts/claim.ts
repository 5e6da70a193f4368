import { defineScript, snapshotFunction, type Script } from './script.ts';

/** The move itself: what \`applyClaim\` of core does, on the fields of the hash. A test holds the two equal. */
const claimFunction = `
local tally, events, lease, standing, queuedJobs, runningJobs = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local version, leaseMs, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local claimed, foreign = {}, {}

-- Whether a record, as a snapshot shows it, can be claimed; nil when it cannot be read here.
local function readable(shot)
  if shot[1] ~= 'hash' then return nil end
  local f = {}
  for i = 1, #shot[2], 2 do f[shot[2][i]] = shot[2][i + 1] end
  if f.v ~= version or not f.st or not f.op or not tonumber(f.c) or not tonumber(f.u) or not tonumber(f.n) or not tonumber(f.r) then return nil end
  if not tonumber(f.a or '0') or not tonumber(f.ui or '0') or not tonumber(f.p or '0') or not tonumber(f.q or '0') then return nil end
  return f
end

local function claim(record, short, f, line, shot)
  local token, owner = ARGV[6 + #claimed], {}
  local set = {'st', 'r', 'tk', token, 'ca', text(now), 'lu', text(now + leaseMs), 'a', text(tonumber(f.a or '0') + 1),
    'ui', text(tonumber(f.ui or '0') + math.max(0, now - tonumber(f.u))), 'ph', 'starting', 's', f.s or text(now), 'u', text(now), 'r', text(tonumber(f.r) + 1)}
  for i = 6 + limit + 1, 6 + limit + tonumber(ARGV[6 + limit]) * 2 do set[#set + 1] = ARGV[i] end
  redis.call('HSET', record, unpack(set))
  redis.call('HDEL', record, 'lm')
  redis.call('ZREM', line, f.lm or '')
  redis.call('ZREM', standing, short)
  redis.call('ZREM', queuedJobs, short)
  redis.call('ZADD', runningJobs, f.c, short)
  redis.call('ZADD', lease, text(now + leaseMs), short)
  redis.call('HINCRBY', tally, 'w:' .. f.op, -1)
  redis.call('HINCRBY', tally, 'r:' .. f.op, 1)
  redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'e', short .. ' ' .. (f.g or '1') .. ' r 0 ' .. (f.pg or '0') .. ' starting')
  claimed[#claimed + 1] = {short, token, shot}
end
`;

/**
 * Claims the jobs that pointers name. KEYS: epoch, tally, events, lease, standing, the queued and the running jobs, then for
 * each pointer its record, body, result and line. ARGV: …, version, lease, limit, that many tokens, fields of the owner
 * with their number first, then for each pointer short id, dispatch number and operation.
 * Replies the time, what was claimed (short id, token, record before), and short ids that could not be read.
 */
export const claimPointersScript: Script = defineScript('claim-pointers 1', `${snapshotFunction}${claimFunction}
local first = 6 + limit + tonumber(ARGV[6 + limit]) * 2 + 1
for i = 0, (#KEYS - 7) / 4 - 1 do
  if #claimed == limit then break end
  local record, short = KEYS[8 + i * 4], ARGV[first + i * 3]
  local shot = snapshot(record, KEYS[9 + i * 4], KEYS[10 + i * 4])
  local f = readable(shot)
  if f then
    if f.st == 'q' and f.n == ARGV[first + i * 3 + 1] and f.op == ARGV[first + i * 3 + 2] then claim(record, short, f, KEYS[11 + i * 4], shot) end
  elseif shot[1] ~= 'none' then foreign[#foreign + 1] = short end
end
return {'OK', text(now), claimed, foreign}
`);

/**
 * Claims what is first in line. KEYS: epoch, tally, events, lease, standing, the queued and the running jobs, then the line
 * of each operation. ARGV: …, version, lease, limit, tokens, owner as above, then the root of record keys and the
 * operations. The keys of the records come from the lines, so they cannot be declared; they share the slot of all the others.
 */
export const claimLineScript: Script = defineScript('claim-line 1', `${snapshotFunction}${claimFunction}
local root = ARGV[6 + limit + tonumber(ARGV[6 + limit]) * 2 + 1]
local function first()
  local best
  for i = 8, #KEYS do
    local head = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
    if head[1] and (not best or tonumber(head[2]) < best.score or (tonumber(head[2]) == best.score and head[1] < best.member)) then
      best = {member = head[1], score = tonumber(head[2]), line = KEYS[i]}
    end
  end
  return best
end
local looked = 0
while #claimed < limit and looked < limit + 100 do
  local head = first()
  if not head then break end
  looked = looked + 1
  local short = string.sub(head.member, -26)
  local record = root .. short
  local shot = snapshot(record, record .. ':b', record .. ':r')
  local f = readable(shot)
  if f and f.st == 'q' and f.lm == head.member then claim(record, short, f, head.line, shot)
  else
    redis.call('ZREM', head.line, head.member)
    if not f and shot[1] ~= 'none' then foreign[#foreign + 1] = short end
  end
end
return {'OK', text(now), claimed, foreign}
`);
