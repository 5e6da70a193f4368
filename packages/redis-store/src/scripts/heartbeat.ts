import { defineScript, type Script } from './script.ts';

/**
 * Prolongs leases and writes progress. KEYS: epoch, events, lease, then the record of each beat. ARGV: …, lease, then for
 * each beat short id, token, ratio (empty: none, or no number) and phase with a sign before it (empty: none).
 * Replies the time and one letter for each: o(k), l(ost), c(ancel), or f(oreign): no record that can be read here.
 */
export const heartbeatScript: Script = defineScript('heartbeat 2', `
local replies, untilTime = {}, text(now + tonumber(ARGV[3]))
for i = 4, #KEYS do
  local record, first = KEYS[i], 4 + (i - 4) * 4
  local short, token, ratio, phase = ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3]
  local f = redis.pcall('HMGET', record, 'st', 'tk', 'cr', 'pg', 'ph', 'r', 'g')
  if f.err then replies[#replies + 1] = 'f'
  elseif f[1] ~= 'r' or f[2] ~= token then replies[#replies + 1] = 'l'
  else
    local set = {'lu', untilTime, 'u', text(now), 'r', text((tonumber(f[6]) or 0) + 1)}
    local progress, moved = f[4] or '0', false
    if ratio ~= '' and tonumber(ratio) > tonumber(progress) then
      progress, moved = ratio, true
      set[#set + 1] = 'pg'
      set[#set + 1] = ratio
    end
    if phase ~= '' and string.sub(phase, 2) ~= f[5] then
      moved = true
      set[#set + 1] = 'ph'
      set[#set + 1] = string.sub(phase, 2)
    end
    redis.call('HSET', record, unpack(set))
    redis.call('ZADD', KEYS[3], untilTime, short)
    if moved then
      local shown = phase ~= '' and string.sub(phase, 2) or f[5] or ''
      redis.call('XADD', KEYS[2], 'MAXLEN', '~', 250, '*', 'e', short .. ' ' .. (f[7] or '1') .. ' r ' .. (f[3] or '0') .. ' ' .. progress .. ' ' .. shown)
    end
    replies[#replies + 1] = f[3] == '1' and 'c' or 'o'
  end
end
return {'OK', text(now), replies}
`);
