-- Moves entries of a webhook's queue among those that wait for a time, due now at the latest. What is claimed stays so.
-- ARGV: …, webhook, how many at most. Returns how many the queue still has.
local webhook, most = ARGV[3], tonumber(ARGV[4])
local queue = PARKED .. webhook

local moved, members = {}, {}
local entries = redis.call('ZRANGE', queue, 0, most - 1, 'WITHSCORES')
for at = 1, #entries, 2 do
  local score = tonumber(entries[at + 1])
  local claimed = math.floor(score / 1024) % 2 == 1
  if score > DUE_NOW and not claimed then
    score = NOW * 2048 + score % 1024
  end
  moved[at], moved[at + 1] = text(score), entries[at]
  members[#members + 1] = entries[at]
end
add(DUE, moved)
if members[1] then
  redis.call('ZREM', queue, unpack(members))
end

local left = redis.call('ZCARD', queue)
if left > 0 then
  set_gate(webhook, 0)
else
  redis.call('ZREM', GATES, webhook)
  redis.call('ZREM', RESTING, webhook)
  redis.call('HDEL', PACES, webhook)
end
return left
