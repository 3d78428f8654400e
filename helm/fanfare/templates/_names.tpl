{{/* Names and labels. */}}

{{- define "fanfare.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains "fanfare" .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-fanfare" .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a Service or a policy finds pods by. (dict "root" $ "component" "worker") */}}
{{- define "fanfare.selector" -}}
app.kubernetes.io/name: fanfare
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* Without the chart's version, which may change while nothing of the pod does. */}}
{{- define "fanfare.podLabels" -}}
{{ include "fanfare.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end -}}

{{- define "fanfare.labels" -}}
{{ include "fanfare.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "fanfare.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "fanfare.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "fanfare.fullname" .) }}
{{- end -}}

{{- define "fanfare.natsMonitoring" -}}
{{- if .Values.keda.natsMonitoring -}}
{{ .Values.keda.natsMonitoring }}
{{- else -}}
{{ include "fanfare.fullname" . }}-nats.{{ .Release.Namespace }}.svc:8222
{{- end -}}
{{- end -}}
