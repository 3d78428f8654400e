-- Takes or renews the right to apply.
-- ARGV: …, holder, milliseconds.
local leader = redis.call('HMGET', LEADER, 'holder', 'until')
if leader[1] and leader[1] ~= ARGV[3] and tonumber(leader[2]) > NOW then
  return 0
end
redis.call('HSET', LEADER, 'holder', ARGV[3], 'until', text(NOW + ARGV[4]))
return 1
