{{/* The configuration file. */}}

{{- define "fanfare.config" -}}
{{- include "fanfare.config.lines" . | trim -}}
{{- end -}}

{{- define "fanfare.config.lines" -}}
{{- $root := . -}}
{{- $shutdown := include "fanfare.shutdown" . | fromYaml -}}
{{- $own := dict
      "http_addr" (printf "%s:8080" .Values.listen)
      "grpc_addr" (printf "%s:8081" .Values.listen)
      "admin_addr" (printf "%s:8082" .Values.listen)
      "shutdown" (dict "drain" (printf "%ds" (int $shutdown.drain)))
      "ingest" (dict "drain" (printf "%ds" (int $shutdown.callsDrain)))
      "nats" dict -}}
{{- if .Values.nats.credentialsSecret.name }}{{ $_ := set $own.nats "credentials" "/etc/fanfare/nats/credentials" }}{{ end -}}
{{- if .Values.nats.caSecret.name }}{{ $_ := set $own.nats "ca" "/etc/fanfare/nats/ca.crt" }}{{ end -}}
{{- $config := mustMergeOverwrite (deepCopy .Values.config) $own -}}
{{- range $name, $value := $config }}
{{- if not (kindIs "map" $value) }}
{{ include "fanfare.toml.entry" (list $name $value) }}
{{- end }}
{{- end }}
{{- range $name, $section := $config }}
{{- if eq $name "profiles" }}
{{- range $profile, $rules := $section }}

[profiles.{{ include "fanfare.toml.key" $profile }}]
{{- range $key, $value := $rules }}
{{ include "fanfare.toml.entry" (list $key $value) }}
{{- end }}
{{- end }}
{{- else if and (kindIs "map" $section) $section }}

[{{ $name }}]
{{- range $key, $value := $section }}
{{ include "fanfare.toml.entry" (list $key $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "fanfare.toml.entry" -}}
{{ include "fanfare.toml.key" (index . 0) }} = {{ include "fanfare.toml.value" (index . 1) }}
{{- end -}}

{{- define "fanfare.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toRawJson . }}{{ end -}}
{{- end -}}

{{/* Written here because Helm's toToml turns 4294967296 into 4.294967296e+09, which is no integer any more. */}}
{{- define "fanfare.toml.value" -}}
{{- if kindIs "map" . -}}
{ {{- range $place, $key := keys . | sortAlpha }}{{ if $place }},{{ end }} {{ include "fanfare.toml.entry" (list $key (get $ $key)) }}{{ end }} }
{{- else if kindIs "slice" . -}}
[{{ range $place, $value := . }}{{ if $place }}, {{ end }}{{ include "fanfare.toml.value" $value }}{{ end }}]
{{- else if kindIs "string" . -}}
{{ toRawJson . }}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ printf "%v" . }}
{{- end -}}
{{- end -}}
