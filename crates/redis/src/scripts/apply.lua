-- Applies a batch of changes and moves the position, or does nothing.
-- ARGV: …, holder, from, to, then for each change its kind and what belongs to it. One that is restated says so first, with
-- its sequence, and counts while the schedule is being read anew.
local holder, from, to = ARGV[3], ARGV[4], ARGV[5]

local refused = refusal(holder, from)
if refused then
  return refused
end
local anew_until = tonumber(redis.call('GET', ANEW) or 0)

-- The webhooks whose queues have changed.
local changed = {}

local function take_from_queue(member)
  local webhook = webhook_of(member)
  if redis.call('ZREM', PARKED .. webhook, member) == 1 then
    changed[webhook] = true
  end
end

local function park(member, score, per_second, burst, kind)
  local webhook = webhook_of(member)
  redis.call('ZREM', DUE, member)
  redis.call('ZADD', PARKED .. webhook, score, member)
  local before = pace_of(webhook)
  local tokens = math.min(burst, before and before.tokens or burst)
  keep_pace(webhook, new_pace(per_second, burst, tokens, kind == 'measured' and NOW or nil))
  changed[webhook] = true
end

local next = 6
while ARGV[next] do
  local counts = true
  if ARGV[next] == 'restated' then
    counts = tonumber(ARGV[next + 1]) <= anew_until
    next = next + 2
  end
  local kind, member = ARGV[next], ARGV[next + 1]
  if kind == 'put' then
    if counts then
      take_from_queue(member)
      redis.call('ZADD', DUE, ARGV[next + 2], member)
    end
    next = next + 3
  elseif kind == 'park' then
    if counts then
      park(member, ARGV[next + 2], tonumber(ARGV[next + 3]), tonumber(ARGV[next + 4]), ARGV[next + 5])
    end
    next = next + 6
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
