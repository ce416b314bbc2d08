"""A key distribution centre of our own (MIT Kerberos, realm EXAMPLE.ORG) in the proxy's namespace, for real Negotiate."""
import os
import shutil
import subprocess

REALM = "EXAMPLE.ORG"


class Kerberos:
    def __init__(self, lab):
        self.lab = lab
        d = self.dir = lab.mkdir("kerberos")
        # over TCP port 88 of the proxy's namespace: captures that are not about Kerberos filter it out
        lab.write("kerberos/krb5.conf", f"""[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = kdc.example.org:88
}}
[domain_realm]
.example.org = {REALM}
""")
        lab.write("kerberos/kdc.conf", f"""[kdcdefaults]
kdc_tcp_ports = 88
kdc_ports = ""
[realms]
{REALM} = {{
  database_name = {d}/principal
  key_stash_file = {d}/stash
  acl_file = {d}/acl
}}
""")
        self.env = {"KRB5_CONFIG": f"{d}/krb5.conf", "KRB5_KDC_PROFILE": f"{d}/kdc.conf", "KRB5CCNAME": f"FILE:{d}/cache"}
        self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", "not-a-secret")
        lab.procs.start(lab.net.proxy, ["krb5kdc", "-n"], env=self.env)
        lab.procs.wait_listening(lab.net.proxy, 88)

    def keytab(self, principal):
        """Make a service and give its key file, readable by Squid."""
        path = f"{self.dir}/{principal.replace('/', '_')}.keytab"
        self._run("kadmin.local", "-q", f"addprinc -randkey {principal}")
        self._run("kadmin.local", "-q", f"ktadd -k {path} {principal}")
        shutil.chown(path, "proxy")
        os.chmod(self.dir, 0o755)
        return path

    def ticket(self, user, password="secret-for-test"):
        """Make a user and let the client have its ticket."""
        self._run("kadmin.local", "-q", f"addprinc -pw {password} {user}")
        done = self.lab.procs.run(self.lab.net.client, ["kinit", user], env=self.env, stdin=password + "\n")
        if done.returncode:
            raise RuntimeError(done.stderr)

    def _run(self, *argv):
        done = subprocess.run(argv, env=self.lab.procs.environment(self.env), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{argv[0]}: {done.stderr}")
