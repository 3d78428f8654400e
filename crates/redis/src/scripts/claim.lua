-- Takes what is due and what the gates let through, and hides it until the claim ends.
-- ARGV: …, lease in milliseconds, limit.
-- Returns: end of the claims, position, time of the next entry or gate, claims of due entries, claims of queues' entries;
-- each claim as its member and the score that it had.
local lease, limit = tonumber(ARGV[3]), tonumber(ARGV[4])
-- How many gates and paces one call looks at.
local GATES_A_CALL = 256
local ends = NOW + lease

-- Sets the first `count` of `ready`, members and scores in turn, to the end of the claim, and adds them to `claims`.
local function hide(key, ready, count, claims)
  local scores = {}
  for at = 1, 2 * count, 2 do
    local member, score = ready[at], ready[at + 1]
    scores[at], scores[at + 1] = text(ends * 2048 + 1024 + score % 1024), member
    claims[#claims + 1] = member
    claims[#claims + 1] = score
  end
  add(key, scores)
end

local function ready_in(key, count)
  return redis.call('ZRANGEBYSCORE', key, '-inf', text(DUE_NOW), 'WITHSCORES', 'LIMIT', 0, count)
end

-- Neither kind keeps the other away: the gates may use half of the limit, and what the due entries leave of it.
local due_ready = ready_in(DUE, limit)
local left = math.max(limit - #due_ready / 2, math.floor(limit / 2))
local parked = {}
for _, webhook in ipairs(redis.call('ZRANGEBYSCORE', GATES, '-inf', NOW, 'LIMIT', 0, GATES_A_CALL)) do
  if left <= 0 then
    break
  end
  local pace = pace_of(webhook) or new_pace(1, 1, 1)
  local count = math.min(left, math.floor(pace.tokens + ROUNDING))
  if count > 0 then
    local ready = ready_in(PARKED .. webhook, count)
    count = #ready / 2
    hide(PARKED .. webhook, ready, count, parked)
    left = left - count
    pace.tokens = pace.tokens - count
    keep_pace(webhook, pace)
  end
  -- A queue with more to let through takes its turn behind the others that are open.
  set_gate(webhook, NOW)
end

local due = {}
hide(DUE, due_ready, math.min(#due_ready / 2, limit - #parked / 2), due)

for _, webhook in ipairs(redis.call('ZRANGEBYSCORE', RESTING, '-inf', NOW, 'LIMIT', 0, GATES_A_CALL)) do
  redis.call('HDEL', PACES, webhook)
  redis.call('ZREM', RESTING, webhook)
end

local next = false
local first_due = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
if first_due[2] then
  next = time_of(first_due[2])
end
local first_gate = redis.call('ZRANGE', GATES, 0, 0, 'WITHSCORES')
if first_gate[2] then
  next = math.min(next or math.huge, tonumber(first_gate[2]))
end
return { ends, redis.call('GET', POSITION), next, due, parked }
