#!/usr/bin/env python3
"""Kill sweep over a night that publishes into SQLite and PostgreSQL (promise R5 of docs/reliability.md): at whatever call it ends, the database
holds one night or the other, rows and books together, and the next run brings it to what an undisturbed night gives. `--step N` takes every
Nth call (default 9; 1 is the whole sweep); `sqlite` or `postgresql` chooses one."""
import sys

from nightly import *
from postgres import Server

STEP = int(sys.argv[sys.argv.index("--step") + 1]) if "--step" in sys.argv else 9


class Sqlite:
    name, calls = "sqlite", ("write,pwrite64", "fsync,fdatasync", "rename,renameat,renameat2")

    def target(self):
        return "sqlite:cdm.sqlite"

    def state(self, site):  # the file is the same bytes for the same rows
        path = site.folder / "cdm.sqlite"
        return path.read_bytes() if path.exists() else b""

    def keep(self):
        pass

    def restore(self):
        pass  # the file is in the folder that is copied


class Postgresql:
    """One database; the state of the first night is kept as a template."""

    name, calls = "postgresql", ("sendto", "fsync,fdatasync", "rename,renameat,renameat2")

    def __init__(self, server, folder):
        self.server, self.login = server, folder / "login.dsn"
        self.login.write_text(f"host={server.folder}\nuser=tester\ndbname=site\n")
        self.login.chmod(0o600)
        server.sql("create database site")

    def target(self):
        return f"postgresql:{self.login}#cdm"

    def state(self, _site):
        names = self.server.sql("select tablename from pg_tables where schemaname = 'cdm' order by 1", "site").stdout.split()
        return self.server.sql("".join(f"select * from cdm.{name} t order by t::text;" for name in names), "site").stdout

    def replace(self, new, old):
        ended = f"select pg_terminate_backend(pid) from pg_stat_activity where datname in ('{new}', '{old}')"
        return self.server.sql(f"{ended};\ndrop database if exists {new};\ncreate database {new} template {old};").returncode == 0

    def keep(self):
        assert self.replace("first_night", "site")

    def restore(self):
        assert self.replace("site", "first_night")


def sweep(c, top, vocab, kind):
    base = Site(top / kind.name, vocab, target=kind.target())
    first = base.run()
    if not c.check(first.code == 0, f"{kind.name}: the first night: {first.err[-300:]}"):
        return
    before = kind.state(base)
    kind.keep()
    base.second_night()
    undisturbed = copied(base, top / f"{kind.name}-clean")
    c.equal(undisturbed.run().code, 0, f"{kind.name}: the second night")
    want = kind.state(undisturbed)
    c.check(want != before and before, f"{kind.name}: the second night changes something")
    kills = 0
    for call in kind.calls:
        for n in range(1, 3000, 1 if call.startswith("rename") else STEP):
            kind.restore()
            site = copied(base, top / f"{kind.name}-killed")
            done = site.run(prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={n}"])
            survived = done.code == 0
            c.check(kind.state(site) in (before, want), f"{kind.name}: kill at {call} {n}: rows and books of one night or the other")
            again = site.run()
            c.equal(again.code, 0, f"{kind.name}: kill at {call} {n}: the rerun: {again.err[-200:]}")
            c.check(kind.state(site) == want, f"{kind.name}: kill at {call} {n}: the rerun gives what an undisturbed night gives")
            kills += not survived
            if survived:
                break
    print(f"{kind.name}: {kills} kills")


def main():
    c = Checks()
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        skip("strace is not there or may not trace")
    with work() as top:
        top = pathlib.Path(top)
        vocab = vocabulary(top)
        if "postgresql" not in sys.argv:
            sweep(c, top, vocab, Sqlite())
        if "sqlite" in sys.argv:
            c.end()
        server = Server(top)
        try:
            if server.bin is None or not server.start():
                c.skip("no PostgreSQL to start here")
            else:
                sweep(c, top, vocab, Postgresql(server, top))
        finally:
            server.stop()
    c.end()


if __name__ == "__main__":
    main()
