-- Finds what members wait for.
-- ARGV: …, members.
-- Returns: position, then for each that waits its member, its score, and its queue's pace, or nothing where it is in none.
local function pace_text(pace)
  local kind = pace.since and 'measured' or 'limit'
  return string.format('%.17g %.0f %s', pace.per_second * grown(pace, NOW), pace.burst, kind)
end

-- A queue's pace, worked out once.
local paces = {}
local found = {}
for at = 3, #ARGV do
  local member = ARGV[at]
  local webhook = webhook_of(member)
  local queued = redis.call('ZSCORE', PARKED .. webhook, member)
  local score = queued or redis.call('ZSCORE', DUE, member)
  if queued and not paces[webhook] then
    paces[webhook] = pace_text(pace_of(webhook) or new_pace(1, 1, 1))
  end
  if score then
    found[#found + 1] = member
    found[#found + 1] = text(tonumber(score))
    found[#found + 1] = queued and paces[webhook] or ''
  end
end
return { redis.call('GET', POSITION), found }
