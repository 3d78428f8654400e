-- Removes the queues of a tenant's webhooks; all entries of a queue are of one tenant.
-- ARGV: …, the tenant's bytes.
for _, webhook in ipairs(redis.call('ZRANGE', GATES, 0, -1)) do
  local first = redis.call('ZRANGE', PARKED .. webhook, 0, 0)[1]
  if first and tenant_of(first) == ARGV[3] then
    redis.call('UNLINK', PARKED .. webhook)
    redis.call('ZREM', GATES, webhook)
    redis.call('ZREM', RESTING, webhook)
    redis.call('HDEL', PACES, webhook)
  end
end
return 1
