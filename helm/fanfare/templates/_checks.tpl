{{/* What a schema cannot say, or could not without showing a secret. Each tells which value to set. */}}
{{- define "fanfare.checks" -}}
{{- $values := .Values -}}
{{- range $backend := list "nats" "redis" "postgres" }}
{{- $section := index $values $backend }}
{{- if $values.bundled.enabled }}
{{- if or $section.url $section.urlSecret.name }}
{{- fail (printf "%s.url or %s.urlSecret is set, and bundled.enabled too: either connect to yours or have one installed" $backend $backend) }}
{{- end }}
{{- else if and $section.url $section.urlSecret.name }}
{{- fail (printf "%s.url and %s.urlSecret.name are both set: keep one" $backend $backend) }}
{{- else if not (or $section.url $section.urlSecret.name) }}
{{- fail (printf "where is %s? Set %s.url, or %s.urlSecret.name to a Secret that holds it, or bundled.enabled to try things out" $backend $backend $backend) }}
{{- end }}
{{- end }}
{{- $schemes := dict "nats" (list "nats" "tls") "redis" (list "redis" "rediss") "postgres" (list "postgres" "postgresql") }}
{{- range $backend, $allowed := $schemes }}
{{- $url := index $values $backend "url" }}
{{- if and $url (not (regexMatch (printf "^(%s)://." (join "|" $allowed)) $url)) }}
{{- fail (printf "%s.url does not begin with %s://" $backend (join ":// or " $allowed)) }}
{{- end }}
{{- end }}
{{- $keys := $values.keys }}
{{- if $keys.existingSecret }}
{{- if or $keys.operatorKey $keys.secretsKey }}
{{- fail "keys.existingSecret is set, and keys.operatorKey or keys.secretsKey too: keep one way" }}
{{- end }}
{{- else if not (and $keys.operatorKey $keys.secretsKey) }}
{{- fail "keys are missing: set keys.existingSecret to a Secret with the entries operator-key and secrets-key, or both keys.operatorKey and keys.secretsKey" }}
{{- else if not (regexMatch "^ *[A-Za-z0-9+/]{43}=? *(, *[A-Za-z0-9+/]{43}=? *)*$" $keys.secretsKey) }}
{{- fail "keys.secretsKey is not 32 bytes in base64, as `openssl rand -base64 32` makes them (several are separated by commas)" }}
{{- end }}
{{- range $name, $service := $values.services }}
{{- $scaling := $service.autoscaling }}
{{- if $scaling.enabled }}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}
{{- fail (printf "services.%s.autoscaling: minReplicas is above maxReplicas" $name) }}
{{- end }}
{{- if and (eq (default "cpu" $scaling.metric) "lag") (not $values.keda.natsMonitoring) (not $values.bundled.enabled) }}
{{- fail (printf "services.%s.autoscaling.metric is lag: set keda.natsMonitoring to host:port of NATS' monitoring" $name) }}
{{- end }}
{{- if and (ne (default "cpu" $scaling.metric) "lag") (not (dig "requests" "cpu" "" $service.resources)) }}
{{- fail (printf "services.%s.autoscaling goes by the requested CPU: set services.%s.resources.requests.cpu" $name $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $values.ingress.enabled (not $values.ingress.host) }}
{{- fail "ingress.enabled is set: set ingress.host to the name that REST is called by" }}
{{- end }}
{{- if and $values.tls.clientCertificates (not $values.tls.existingSecret) }}
{{- fail "tls.clientCertificates is set: set tls.existingSecret to a Secret with tls.crt, tls.key and ca.crt" }}
{{- end }}
{{- if and (not $values.serviceAccount.create) (not $values.serviceAccount.name) }}
{{- fail "serviceAccount.create is false: set serviceAccount.name to an account that exists" }}
{{- end }}
{{- end -}}
