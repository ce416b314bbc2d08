"""The recording laboratory: namespaces, proxies, origins, clients, captures and the truth about them."""
