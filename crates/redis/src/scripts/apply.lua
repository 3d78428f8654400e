-- Applies a batch of changes and moves the position, or does nothing.
-- ARGV: …, holder, from, to, then for each change its kind and what belongs to it.
local holder, from, to = ARGV[3], ARGV[4], ARGV[5]

local leader = redis.call('HMGET', LEADER, 'holder', 'until')
if leader[1] ~= holder or tonumber(leader[2]) <= NOW then
  return { 'not leader', false }
end
local position = redis.call('GET', POSITION)
if (position or '') ~= from then
  return { 'elsewhere', position }
end

-- The webhooks whose queues have changed.
local changed = {}

local function take_from_queue(member)
  local webhook = webhook_of(member)
  if redis.call('ZREM', PARKED .. webhook, member) == 1 then
    changed[webhook] = true
  end
end

local function park(member, score, per_second, burst)
  local webhook = webhook_of(member)
  redis.call('ZREM', DUE, member)
  redis.call('ZADD', PARKED .. webhook, score, member)
  local pace = pace_of(webhook) or { tokens = burst }
  pace.per_second, pace.burst, pace.tokens = per_second, burst, math.min(burst, pace.tokens)
  keep_pace(webhook, pace)
  changed[webhook] = true
end

local next = 6
while ARGV[next] do
  local kind, member = ARGV[next], ARGV[next + 1]
  if kind == 'put' then
    take_from_queue(member)
    redis.call('ZADD', DUE, ARGV[next + 2], member)
    next = next + 3
  elseif kind == 'park' then
    park(member, ARGV[next + 2], tonumber(ARGV[next + 3]), tonumber(ARGV[next + 4]))
    next = next + 5
  else
    take_from_queue(member)
    redis.call('ZREM', DUE, member)
    next = next + 2
  end
end

for webhook in pairs(changed) do
  set_gate(webhook, 0)
end
redis.call('SET', POSITION, to)
return { 'done', false }
