/**
 * What scripts that move many jobs share: indexes, counters and events are gathered while the jobs are moved and written
 * once at the end, each sorted set with one command. `write` must be the last that such a script does.
 */
export const batchFunctions = `
local adds, removals, counts, told = {}, {}, {}, {}
local function add(key, score, member)
  local list = adds[key] or {}
  adds[key] = list
  list[#list + 1] = score
  list[#list + 1] = member
end
local function remove(key, member)
  local list = removals[key] or {}
  removals[key] = list
  list[#list + 1] = member
end
local function count(name, change) counts[name] = (counts[name] or 0) + change end
local function tell(event) told[#told + 1] = event end
local function write(tally, events)
  for key, list in pairs(removals) do redis.call('ZREM', key, unpack(list)) end
  for key, list in pairs(adds) do redis.call('ZADD', key, unpack(list)) end
  for name, change in pairs(counts) do if change ~= 0 then redis.call('HINCRBY', tally, name, text(change)) end end
  for first = 1, #told, 8 do
    local entry = {}
    for i = first, math.min(first + 7, #told) do
      entry[#entry + 1] = 'e'
      entry[#entry + 1] = told[i]
    end
    redis.call('XADD', events, 'MAXLEN', '~', 250, '*', unpack(entry))
  end
end
-- Where a job stands in line, after its priority: start of its generation, dispatch number, and microseconds to tell apart
-- what came in one millisecond, and its number to tell apart what came in one script.
local function place(entered, sequence, number, short)
  return string.format('%014.0f%016.0f%03d%02d', entered, sequence, clock[2] % 1000, number) .. short
end
`;
