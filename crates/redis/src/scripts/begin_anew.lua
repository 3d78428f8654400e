-- Moves the position to the journal's beginning and notes what is being read anew, or does nothing.
-- ARGV: …, holder, from, the beginning, the sequence up to which it is read anew.
local refused = refusal(ARGV[3], ARGV[4])
if refused then
  return refused
end
redis.call('SET', POSITION, ARGV[5])
redis.call('SET', ANEW, ARGV[6])
return { 'done', false }
