{{/* What the pods of the services and of the migration share. */}}

{{- define "fanfare.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "fanfare.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Pull secrets and placement. (root) */}}
{{- define "fanfare.placement" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
A process's environment. `name` is its row in "fanfare.services", `made` the Secret that the chart makes out of values.
(dict "root" $ "name" "worker" "made" "fanfare")
*/}}
{{- define "fanfare.env" -}}
{{- $values := .root.Values -}}
{{- $made := .made -}}
{{- $row := get (include "fanfare.services" .root | fromYaml) .name -}}
- name: FANFARE_CONFIG
  value: /etc/fanfare/fanfare.toml
{{- range $backend := $row.needs }}
{{- $given := index $values $backend "urlSecret" }}
- name: FANFARE_{{ upper $backend }}_URL
  valueFrom:
    secretKeyRef:
      name: {{ $given.name | default $made }}
      key: {{ ternary $given.key (printf "%s-url" $backend) (not (empty $given.name)) }}
{{- end }}
{{- range $key := $row.keys }}
- name: FANFARE_{{ upper $key }}_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $values.keys.existingSecret | default $made }}
      key: {{ $key }}-key
{{- end }}
{{- if and $row.port $values.tls.existingSecret }}
- name: FANFARE_TLS_CERT
  value: /etc/fanfare/tls/tls.crt
- name: FANFARE_TLS_KEY
  value: /etc/fanfare/tls/tls.key
{{- if $values.tls.clientCertificates }}
- name: FANFARE_TLS_CLIENT_CA
  value: /etc/fanfare/tls/ca.crt
{{- end }}
{{- end }}
{{- if and (eq .name "worker") $values.receiversCA.configMap }}
- name: FANFARE_EXTRA_CA
  value: /etc/fanfare/receivers-ca.crt
{{- end }}
{{- with $values.telemetry.otlpEndpoint }}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ $.root.Release.Namespace }},k8s.pod.name=$(POD_NAME)
{{- end }}
{{- with $values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* All files of a pod, under /etc/fanfare. (dict "root" $ "name" "worker" "made" "fanfare") */}}
{{- define "fanfare.volume" -}}
{{- $values := .root.Values -}}
{{- $row := get (include "fanfare.services" .root | fromYaml) .name -}}
- name: files
  projected:
    # Read by the group that fsGroup names.
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ .made }}
{{- with $values.nats.credentialsSecret }}
{{- if .name }}
      - secret:
          name: {{ .name }}
          items: [{ key: {{ .key | quote }}, path: nats/credentials }]
{{- end }}
{{- end }}
{{- with $values.nats.caSecret }}
{{- if .name }}
      - secret:
          name: {{ .name }}
          items: [{ key: {{ .key | quote }}, path: nats/ca.crt }]
{{- end }}
{{- end }}
{{- if and $row.port $values.tls.existingSecret }}
      - secret:
          name: {{ $values.tls.existingSecret }}
          items:
            - { key: tls.crt, path: tls/tls.crt }
            - { key: tls.key, path: tls/tls.key }
            {{- if $values.tls.clientCertificates }}
            - { key: ca.crt, path: tls/ca.crt }
            {{- end }}
{{- end }}
{{- if and (eq .name "worker") $values.receiversCA.configMap }}
      - configMap:
          name: {{ $values.receiversCA.configMap }}
          items: [{ key: {{ $values.receiversCA.key | quote }}, path: receivers-ca.crt }]
{{- end }}
{{- end -}}

{{/* The entries of the Secret that holds what was given as values; nothing if all is in Secrets that exist. */}}
{{- define "fanfare.secretData" -}}
{{- $name := include "fanfare.fullname" . -}}
{{- if not .Values.keys.existingSecret }}
operator-key: {{ .Values.keys.operatorKey | quote }}
secrets-key: {{ .Values.keys.secretsKey | quote }}
{{- end }}
{{- if .Values.bundled.enabled }}
nats-url: nats://{{ $name }}-nats:4222
redis-url: redis://{{ $name }}-redis:6379
postgres-url: postgres://fanfare:fanfare@{{ $name }}-postgres:5432/fanfare
{{- else }}
{{- range $backend := list "nats" "redis" "postgres" }}
{{- with index $.Values $backend "url" }}
{{ $backend }}-url: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
