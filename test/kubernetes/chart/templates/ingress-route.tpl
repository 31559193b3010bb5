apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: {{ .Values.ingressRoute.name }}
  namespace: {{ .Release.Namespace }}
spec:
  entryPoints:
    {{- toYaml .Values.ingressRoute.entryPoints | nindent 4 }}
  routes:
    {{- range .Values.ingressRoute.routes }}
    - kind: {{ .kind }}
      match: {{ .match | quote }}
      services:
        {{- toYaml .services | nindent 8 }}
      middlewares:
        {{- toYaml .middlewares | nindent 8 }}
    {{- end }}
  tls:
    {{- toYaml .Values.ingressRoute.tls | nindent 4 }}
