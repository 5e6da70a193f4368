import { defineScript, snapshotFunction, type Script } from './script.ts';

/**
 * Replaces a record by the next one, if it still is the one that the caller looked at, and keeps all indexes and counters
 * in step. What a move does to a record was decided by the caller, with the functions of core; the times in it that mean
 * "now" are set here, by the server's clock.
 *
 * KEYS: epoch, record, body, result, tally, events, cancels, then every sorted set that the plan names by its number.
 * ARGV: …, the caller's now, guard, its value, its second value, most waiting, the operation, the dispatch number before
 * (or empty), event, and the plan in sections, each with its length first: times to shift; fields to set; fields to
 * delete; texts; members to remove; members to add; counters to change.
 * Replies OK with the time, the dispatch number, progress and phase; FULL; or STALE with a snapshot.
 */
export const swapScript: Script = defineScript('swap 3', `${snapshotFunction}
local record, body, result, tally, events, cancels = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local guard, expected, other = ARGV[4], ARGV[5], ARGV[6]
local kind = redis.call('TYPE', record).ok
local seen = kind == 'hash' and redis.call('HMGET', record, 'r', 'st', 'tk', 'cr', 'lm') or {}
local holds = false
if guard == 'new' then holds = kind == 'none'
elseif guard == 'revision' then holds = kind == 'hash' and seen[1] == expected
elseif guard == 'token' then holds = seen[2] == 'r' and seen[3] == expected and (seen[4] or '0') == other
elseif guard == 'text' then holds = kind == 'string' and redis.call('GET', record) == expected end
if not holds then return {'STALE', text(now), snapshot(record, body, result)} end
if ARGV[7] ~= '' and tonumber(redis.call('HGET', tally, 'w:' .. ARGV[8]) or '0') >= tonumber(ARGV[7]) then return {'FULL', text(now)} end

local at = 11
local function take() at = at + 1; return ARGV[at - 1] end
local shift = now - tonumber(ARGV[3])
local shifted = {}
for i = 1, tonumber(take()) do shifted[take()] = true end
local fields, sequence, queued = {'r', text((tonumber(seen[1] or '0') or 0) + 1)}, '', ''
for i = 1, tonumber(take()) do
  local name, value = take(), take()
  if shifted[name] then value = text(tonumber(value) + shift) end
  if name == 'n' and ARGV[9] ~= '' then value = text(math.max(tonumber(ARGV[9]) + 1, now)) end
  if name == 'n' then sequence = value end
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
if guard == 'text' then redis.call('DEL', record) end
local deleted = {}
for i = 1, tonumber(take()) do deleted[i] = take() end
if deleted[1] == '*' then redis.call('DEL', record)
else
  if #deleted > 0 then redis.call('HDEL', record, unpack(deleted)) end
  redis.call('HSET', record, unpack(fields))
end
for i = 1, tonumber(take()) do
  local key, mode = take() == 'b' and body or result, take()
  if mode == '' then redis.call('DEL', key) else redis.call('SET', key, mode) end
end
for i = 1, tonumber(take()) do
  local key, member = KEYS[tonumber(take())], take()
  if member == '@' then member = seen[5] or '' end
  redis.call('ZREM', key, member)
end
for i = 1, tonumber(take()) do
  local key, how, score, member = KEYS[tonumber(take())], take(), take(), take()
  if how == 'now' then redis.call('ZADD', key, text(tonumber(score) + shift), member)
  elseif how == 'line' then
    local entered = redis.call('HMGET', record, 'q', 'c', 'n')
    local place = string.format('%014.0f%016.0f%03d00', tonumber(entered[1] or entered[2]), tonumber(entered[3]), clock[2] % 1000) .. member
    redis.call('HSET', record, 'lm', place)
    redis.call('ZADD', key, score, place)
  elseif how == 'longest' then
    local floor = redis.call('HGET', tally, 'fl:' .. ARGV[8])
    if not floor or tonumber(score) >= tonumber(floor) then
      redis.call('ZADD', key, score, member)
      if redis.call('ZCARD', key) > 100 then redis.call('HSET', tally, 'fl:' .. ARGV[8], redis.call('ZPOPMIN', key)[2]) end
    end
  else redis.call('ZADD', key, score, member) end
end
for i = 1, tonumber(take()) do
  local name = take()
  redis.call('HINCRBY', tally, name, take())
end
local shown = deleted[1] ~= '*' and redis.call('HMGET', record, 'pg', 'ph', 'n') or {}
if ARGV[10] ~= '' then
  local progress, phase = string.match(ARGV[10], ' (%S+) ([^ ]*)$')
  local head = string.match(ARGV[10], '^%S+ %S+ %S+ %S+')
  local event = head .. ' ' .. (shown[1] or progress) .. ' ' .. (shown[2] or phase)
  redis.call('XADD', events, 'MAXLEN', '~', 250, '*', 'e', event)
  if string.find(head, ' r 1$') then redis.call('XADD', cancels, 'MAXLEN', '~', 250, '*', 'e', event) end
end
return {'OK', text(now), shown[3] or '', shown[1] or '', shown[2] or ''}
`);
