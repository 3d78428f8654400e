-- Deletes those of the ids that this process has claimed and nobody has confirmed.
for _, id in ipairs(KEYS) do
  if redis.call('GET', id) == ARGV[1] then
    redis.call('DEL', id)
  end
end
return 1
