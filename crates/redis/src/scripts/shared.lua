-- What all scripts begin with. They run one after the other, so each sees and leaves a whole schedule.
--
-- Times are milliseconds since 2020-01-01. An entry's score is
--     time * 2048 + (1024 if the entry is claimed) + attempt
-- which a double holds exactly until 2159. A claimed entry's time is the end of its claim.
-- MEASURED_GROWTH, a second, and MEASURED_LIMIT, deliveries a second, stand in front of this.
local DUE, GATES, PACES, RESTING, POSITION, LEADER, ANEW = unpack(KEYS)
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
-- How a measured pace grows: in a millisecond to e to the power of this.
local GROWTH = math.log(MEASURED_GROWTH) / 1000

local function text(number)
  return string.format('%.0f', number)
end

local function time_of(score)
  return math.floor(score / 2048)
end

-- A member is a delivery's reference, as member.rs describes it.
local function webhook_of(member)
  return string.sub(member, 18, 33)
end

local function tenant_of(member)
  return string.sub(member, 34, 34 + string.byte(member) % 4)
end

-- Adds pairs of score and member; a call takes some thousands of arguments.
local function add(key, pairs_of)
  for first = 1, #pairs_of, 4000 do
    redis.call('ZADD', key, unpack(pairs_of, first, math.min(first + 3999, #pairs_of)))
  end
end

-- How fast a webhook's queue goes: deliveries a second, the most at once, and how many may go now. One that was measured
-- `since` some time has grown every millisecond from then on, to `top` at the time `grown_at`; a limit is at its top always.
local function new_pace(per_second, burst, tokens, since)
  local top, grown_at = per_second, 0
  if since then
    top = math.max(per_second, MEASURED_LIMIT)
    grown_at = since + math.log(top / per_second) / GROWTH
  end
  return { per_second = per_second, burst = burst, tokens = tokens, since = since, top = top, grown_at = grown_at }
end

-- How many times as fast a pace is at `time` as it was in the beginning.
local function grown(pace, time)
  return pace.since and math.exp(GROWTH * (math.min(time, pace.grown_at) - pace.since)) or 1
end

-- How many a pace lets through between two times: the sum over its growth, and then so many each millisecond.
local function let_through(pace, from, to)
  local growing = pace.per_second / 1000 / GROWTH * (grown(pace, to) - grown(pace, from))
  return growing + (math.max(to, pace.grown_at) - math.max(from, pace.grown_at)) * pace.top / 1000
end

local function pace_of(webhook)
  local stored = redis.call('HGET', PACES, webhook)
  if not stored then
    return nil
  end
  local per_second, burst, tokens, at, since = string.match(stored, '(%S+) (%S+) (%S+) (%S+) ?(%S*)')
  local found = new_pace(tonumber(per_second), tonumber(burst), tonumber(tokens), tonumber(since))
  local most = found.burst
  if found.since then
    most = math.max(most, math.floor(found.per_second * grown(found, NOW) + 0.5))
  end
  found.tokens = math.min(most, found.tokens + let_through(found, math.min(tonumber(at), NOW), NOW))
  return found
end

local function keep_pace(webhook, pace)
  local stored = string.format('%.17g %.0f %.17g %.0f', pace.per_second, pace.burst, pace.tokens, NOW)
  if pace.since then
    stored = stored .. ' ' .. text(pace.since)
  end
  redis.call('HSET', PACES, webhook, stored)
end

-- When a pace will have `tokens` to give.
local function time_of_tokens(pace, tokens)
  local lacking = tokens - pace.tokens
  if lacking <= ROUNDING then
    return NOW
  end
  local growing = math.max(0, pace.grown_at - NOW)
  local by_then = let_through(pace, NOW, NOW + growing)
  local wait
  if lacking < by_then then
    wait = math.log(grown(pace, NOW) + lacking * 1000 * GROWTH / pace.per_second) / GROWTH - (NOW - pace.since)
  else
    wait = growing + (lacking - by_then) * 1000 / pace.top
  end
  return NOW + math.ceil(wait - ROUNDING)
end

-- Why `holder` may not move the position away from `from`, as the answer that says so; nil if it may.
local function refusal(holder, from)
  local leader = redis.call('HMGET', LEADER, 'holder', 'until')
  if leader[1] ~= holder or tonumber(leader[2]) <= NOW then
    return { 'not leader', false }
  end
  local position = redis.call('GET', POSITION)
  if (position or '') ~= from then
    return { 'elsewhere', position }
  end
  return nil
end

-- Notes when a webhook's queue has something to let through, at `not_before` at the earliest. An empty queue has no gate;
-- its pace is kept until it has as many tokens as a new one, so that deliveries which come one by one keep to it.
local function set_gate(webhook, not_before)
  local first = redis.call('ZRANGE', PARKED .. webhook, 0, 0, 'WITHSCORES')
  local found = pace_of(webhook)
  if first[1] then
    found = found or new_pace(1, 1, 1)
    local opens = found.tokens + ROUNDING >= 1 and 0 or time_of_tokens(found, 1)
    redis.call('ZADD', GATES, text(math.max(time_of(first[2]), opens, not_before)), webhook)
    redis.call('ZREM', RESTING, webhook)
    return
  end
  redis.call('ZREM', GATES, webhook)
  if found then
    redis.call('ZADD', RESTING, text(time_of_tokens(found, found.burst)), webhook)
  end
end

