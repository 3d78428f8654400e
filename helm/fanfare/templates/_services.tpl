{{/*
What each service needs of the backends and of the keys (as the table in crates/server/src/services.rs says), the port
that others call it on, and the JetStream consumers whose backlog is its work. `migrate` is a row like them.
*/}}
{{- define "fanfare.services" -}}
ingest:
  needs: [nats, redis]
  keys: [operator]
  port: { name: grpc, number: 8081 }
router:
  needs: [nats]
  consumers: [{ stream: FANFARE_EVENTS, name: router }]
worker:
  needs: [nats]
  keys: [secrets]
  consumers:
    - { stream: FANFARE_DELIVERIES, name: worker-fresh }
    - { stream: FANFARE_DELIVERIES, name: worker-retry }
    - { stream: FANFARE_DELIVERIES, name: worker-bulk }
scheduler:
  needs: [nats, redis]
logs:
  needs: [nats, postgres]
  consumers: [{ stream: FANFARE_JOURNAL, name: logs }]
api:
  needs: [nats, redis, postgres]
  keys: [operator, secrets]
  port: { name: http, number: 8080 }
migrate:
  needs: [nats, postgres]
{{- end -}}

{{/*
How long a pod may take to go down, in seconds, from the two values in `shutdown`:

  preStop   deregister, for what others call: it goes on as before until no Service sends it anything
  SIGTERM   not ready, a quarter of a second, then nothing new is taken
  drain     work in flight; ingest's calls are given 5 s less, so that what they stored can still be answered
  5 s       what the work relied on ends
  4 s       to spare, for the last traces and for a busy node

The sum is terminationGracePeriodSeconds: who is killed before has lost nothing, but others do it again.
*/}}
{{- define "fanfare.shutdown" -}}
{{- $deregister := int .Values.shutdown.deregister -}}
{{- $drain := int .Values.shutdown.drain -}}
deregister: {{ $deregister }}
drain: {{ $drain }}
callsDrain: {{ sub $drain 5 }}
grace: {{ add $deregister 1 $drain 5 4 }}
{{- end -}}
