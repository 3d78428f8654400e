-- Counts the entries and finds the earliest time that any of them has.
-- Returns: how many, that time, position.
local count = redis.call('ZCARD', DUE)
local earliest = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
earliest = earliest and time_of(earliest)
for _, webhook in ipairs(redis.call('ZRANGE', GATES, 0, -1)) do
  count = count + redis.call('ZCARD', PARKED .. webhook)
  local first = redis.call('ZRANGE', PARKED .. webhook, 0, 0, 'WITHSCORES')[2]
  if first then
    earliest = math.min(earliest or math.huge, time_of(first))
  end
end
return { count, earliest or false, redis.call('GET', POSITION) }
