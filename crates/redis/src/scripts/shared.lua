-- What all scripts begin with. They run one after the other, so each sees and leaves a whole schedule.
--
-- Times are milliseconds since 2020-01-01. An entry's score is
--     time * 2048 + (1024 if the entry is claimed) + attempt
-- which a double holds exactly until 2159. A claimed entry's time is the end of its claim.
local DUE, GATES, PACES, RESTING, POSITION, LEADER = unpack(KEYS)
local PARKED, GIVEN_TIME = ARGV[1], ARGV[2]

local function time_now()
  if GIVEN_TIME ~= '' then
    return tonumber(GIVEN_TIME)
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) - 1577836800000
end

local NOW = time_now()
-- The highest score that is due.
local DUE_NOW = NOW * 2048 + 2047
-- Bounds what rounding takes from a pace.
local ROUNDING = 1e-6

local function text(number)
  return string.format('%.0f', number)
end

local function time_of(score)
  return math.floor(score / 2048)
end

-- A member is a delivery's reference: its bytes 18 to 33 are the webhook, 34 to 37 the tenant.
local function webhook_of(member)
  return string.sub(member, 18, 33)
end

-- Adds pairs of score and member; a call takes some thousands of arguments.
local function add(key, pairs_of)
  for first = 1, #pairs_of, 4000 do
    redis.call('ZADD', key, unpack(pairs_of, first, math.min(first + 3999, #pairs_of)))
  end
end

-- How fast a webhook's queue goes: deliveries a second, the most at once, and how many may go now.
local function pace_of(webhook)
  local stored = redis.call('HGET', PACES, webhook)
  if not stored then
    return nil
  end
  local per_second, burst, tokens, at = string.match(stored, '(%S+) (%S+) (%S+) (%S+)')
  local gained = math.max(0, NOW - at) * per_second / 1000
  return { per_second = tonumber(per_second), burst = tonumber(burst), tokens = math.min(burst, tokens + gained) }
end

local function keep_pace(webhook, pace)
  local stored = string.format('%.17g %.0f %.17g %.0f', pace.per_second, pace.burst, pace.tokens, NOW)
  redis.call('HSET', PACES, webhook, stored)
end

-- When a pace will have `tokens` to give.
local function time_of_tokens(pace, tokens)
  if pace.tokens + ROUNDING >= tokens then
    return NOW
  end
  return NOW + math.ceil((tokens - pace.tokens) * 1000 / pace.per_second - ROUNDING)
end

-- Notes when a webhook's queue has something to let through, at `not_before` at the earliest. An empty queue has no gate;
-- its pace is kept until it has as many tokens as a new one, so that deliveries which come one by one keep to it.
local function set_gate(webhook, not_before)
  local first = redis.call('ZRANGE', PARKED .. webhook, 0, 0, 'WITHSCORES')
  local pace = pace_of(webhook)
  if first[1] then
    pace = pace or { per_second = 1, burst = 1, tokens = 1 }
    local opens = pace.tokens + ROUNDING >= 1 and 0 or time_of_tokens(pace, 1)
    redis.call('ZADD', GATES, text(math.max(time_of(first[2]), opens, not_before)), webhook)
    redis.call('ZREM', RESTING, webhook)
    return
  end
  redis.call('ZREM', GATES, webhook)
  if pace then
    redis.call('ZADD', RESTING, text(time_of_tokens(pace, pace.burst)), webhook)
  end
end

