"""The health check of the API: exit code 0 if it answers."""
import urllib.request

urllib.request.urlopen("http://127.0.0.1:8000/health", timeout=2)
