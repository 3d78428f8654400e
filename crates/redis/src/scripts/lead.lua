-- Takes or renews the right to apply.
-- ARGV: …, holder, milliseconds. Returns: 1 if it is held now, or 0, and the position.
local leader = redis.call('HMGET', LEADER, 'holder', 'until')
if leader[1] and leader[1] ~= ARGV[3] and tonumber(leader[2]) > NOW then
  return { 0, false }
end
redis.call('HSET', LEADER, 'holder', ARGV[3], 'until', text(NOW + ARGV[4]))
return { 1, redis.call('GET', POSITION) }
