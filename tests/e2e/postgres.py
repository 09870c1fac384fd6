"""A PostgreSQL server of a test's own: started in a folder, on a socket there, stopped with it."""
import glob
import os
import pathlib
import pwd
import shutil
import subprocess


class Server:
    """initdb, pg_ctl start and stop. Root may not run PostgreSQL, so then everything is done as another user."""

    def __init__(self, folder, settings=""):
        self.settings = settings
        self.folder = pathlib.Path(folder) / "pg"
        self.bin = self.find()
        self.user = None
        if self.bin is None:
            return
        self.folder.mkdir(mode=0o755)
        if os.geteuid() == 0:
            self.user = next((name for name in ("postgres", "nobody") if self.known(name)), None)
            pathlib.Path(folder).chmod(0o755)
            shutil.chown(self.folder, self.user)

    @staticmethod
    def find():
        places = [*sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True), *os.environ.get("PATH", "").split(":")]
        return next((p for p in places if os.access(f"{p}/initdb", os.X_OK) and os.access(f"{p}/pg_ctl", os.X_OK)), None)

    @staticmethod
    def known(name):
        try:
            return bool(pwd.getpwnam(name))
        except KeyError:
            return False

    def command(self, *words):
        prefix = ["setpriv", f"--reuid={self.user}", f"--regid={pwd.getpwnam(self.user).pw_gid}", "--clear-groups"] if self.user else []
        return subprocess.run([*prefix, *map(str, words)], capture_output=True, text=True, cwd="/", timeout=120)

    def start(self):
        data = self.folder / "data"
        made = self.command(f"{self.bin}/initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        if made.returncode != 0:
            return False
        with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nlog_min_messages = panic\n{self.settings}")
        return self.command(f"{self.bin}/pg_ctl", "-D", data, "-l", self.folder / "log", "-w", "start").returncode == 0

    def stop(self):
        if self.bin is None:
            return
        self.command(f"{self.bin}/pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def sql(self, text, database="postgres"):
        return subprocess.run(["psql", "-h", str(self.folder), "-U", "tester", "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
                              input=text, capture_output=True, text=True, timeout=120)
