-- Removes claimed entries whose score is still the claim's: what was put or claimed again since has another one.
-- ARGV: …, then for each claim 'due' or 'parked', its member and the claim's score.
local changed = {}

local function remove(key, member, score)
  local now = redis.call('ZSCORE', key, member)
  return now and tonumber(now) == tonumber(score) and redis.call('ZREM', key, member) == 1
end

for at = 3, #ARGV, 3 do
  local kind, member, score = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local webhook = webhook_of(member)
  if kind == 'parked' and remove(PARKED .. webhook, member, score) then
    changed[webhook] = true
  else
    -- Opening a gate moves a queue's claimed entries among the due ones.
    remove(DUE, member, score)
  end
end

for webhook in pairs(changed) do
  set_gate(webhook, 0)
end
return 1
