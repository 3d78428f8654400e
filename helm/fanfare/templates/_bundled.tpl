{{/* The bundled servers. (dict "root" $ "bundled" "nats") */}}
{{- define "fanfare.bundledSelector" -}}
app.kubernetes.io/name: fanfare-bundled
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .bundled }}
{{- end -}}

{{- define "fanfare.bundledLabels" -}}
{{ include "fanfare.bundledSelector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* How each is started. The users are those of the official images; settings are those in deploy/. */}}
{{- define "fanfare.bundledServers" -}}
nats:
  user: 1000
  args: [nats-server, --config, /etc/fanfare/nats.conf, --store_dir, /data, --addr, 0.0.0.0, --port, "4222", --http_port, "8222"]
  ports: { nats: 4222, monitoring: 8222 }
  probe: { httpGet: { port: monitoring, path: /healthz } }
redis:
  user: 999
  # It has no password: the network policy says who reaches it.
  args: [redis-server, /etc/fanfare/redis.conf, --dir, /data, --bind, 0.0.0.0, --port, "6379", --protected-mode, "no"]
  ports: { redis: 6379 }
  probe: { exec: { command: [redis-cli, ping] } }
postgres:
  user: 70
  args: [postgres, -c, max_connections=200, -c, jit=off]
  env:
    - { name: POSTGRES_USER, value: fanfare }
    - { name: POSTGRES_PASSWORD, value: fanfare }
    - { name: POSTGRES_DB, value: fanfare }
    # A new volume may hold lost+found, where Postgres makes no cluster.
    - { name: PGDATA, value: /data/postgres }
  ports: { postgres: 5432 }
  probe: { exec: { command: [pg_isready, --username, fanfare, --host, 127.0.0.1] } }
  writes: [/var/run/postgresql, /tmp]
{{- end -}}
