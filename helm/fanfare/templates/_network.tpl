{{/* Rules of network policies. */}}

{{/* (dict "network" section "bundled" "fanfare-nats" or "" "root" $) */}}
{{- define "fanfare.egressTo" -}}
- ports:
    {{- range .network.ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
  {{- if .bundled }}
  to:
    - podSelector:
        matchLabels: {{- include "fanfare.bundledSelector" . | nindent 10 }}
  {{- else if .network.to }}
  to: {{- toYaml .network.to | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* What every pod needs: names, its backends, the collector. (dict "root" $ "name" "worker") */}}
{{- define "fanfare.egress" -}}
{{- $values := .root.Values -}}
{{- $root := .root -}}
- ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
  {{- with $values.networkPolicy.dns }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- range $backend := (get (include "fanfare.services" .root | fromYaml) .name).needs }}
{{ include "fanfare.egressTo" (dict "root" $root "network" (index $values $backend "network") "bundled" (ternary $backend "" $values.bundled.enabled)) }}
{{- end }}
{{- if $values.telemetry.otlpEndpoint }}
{{ include "fanfare.egressTo" (dict "root" $root "network" $values.telemetry.network "bundled" "") }}
{{- end }}
{{- end -}}
