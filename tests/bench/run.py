#!/usr/bin/env python3
"""Measures the program against its yardsticks and writes one JSON file; passes or fails nothing. See README.md in this folder.

Programs that are compared run in turn (A B A B ...) on the same input; cpu is user + system time of the process as the kernel counts it;
peak anonymous memory is sampled every 50 ms. Only the Python standard library is used."""
import argparse
import fcntl
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KIT = pathlib.Path(os.environ.get("PYOJUN_SHARED", ROOT.parent / "shared" / "data")).parent / "bench"
SIZES = {  # csv patients, fhir patients, vocabulary (concepts, relationships), large vocabulary, korean patients
    "quick": dict(csv=1000, fhir=100, vocabulary=(100_000, 500_000), large=(200_000, 1_000_000), korean=500, hl7=1000, hospital=300, ccda=2, copies=4, many_copies=40),
    "full": dict(csv=20_000, fhir=3000, vocabulary=(1_000_000, 5_000_000), large=(10_000_000, 50_000_000), korean=8000, hl7=10_000, hospital=20_000, ccda=40, copies=100, many_copies=4000),
}
HAPI = 14  # MB per cpu-s, parsing only: the figure published with the yardstick kit; HAPI itself is no Debian package
TARGETS = "T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 K1".split()
DQD_SQL_SECONDS = 117  # DataQualityDashboard's own statements on PostgreSQL 15 over 100 copies, two cores: measured once, see ../shared/data/dqd/README.md
ETL_SYNTHEA_SECONDS = 93  # OHDSI ETL-Synthea into PostgreSQL 15, 10,000 patients, two cores: measured once with the kit, see docs/benchmarks.md


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, env=None, cwd=None):
    """Runs to the end; returns wall, cpu, peak resident and peak anonymous memory (bytes), exit code, standard output and error."""
    environment = dict(os.environ, LD_LIBRARY_PATH=str(ROOT / ".deps" / "duckdb"), **(env or {}))
    start = time.monotonic()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=cwd)
    peak = [0, 0]  # anonymous, resident: not ru_maxrss, which counts the pages of the parent that forked
    done = threading.Event()

    def watch():
        while not done.is_set():
            try:
                with open(f"/proc/{child.pid}/status") as status:
                    text = status.read()
                for place, name in enumerate(("RssAnon", "VmHWM")):
                    found = re.search(name + r":\s+(\d+)", text)
                    if found:
                        peak[place] = max(peak[place], int(found[1]) * 1024)
            except OSError:
                return
            done.wait(0.05)

    texts = {}
    readers = [threading.Thread(target=lambda n=n, f=f: texts.__setitem__(n, f.read().decode("utf-8", "replace")))
               for n, f in (("out", child.stdout), ("err", child.stderr))]
    threads = readers + [threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    done.set()
    for thread in threads:
        thread.join()
    child.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait again
    child.stdout.close()
    child.stderr.close()
    return dict(wall=round(wall, 4), cpu=round(used.ru_utime + used.ru_stime, 4), rss=peak[1], anonymous=peak[0],
                exit=child.returncode, out=texts["out"], err=texts["err"])


def need(result, what):
    if result["exit"] != 0:
        raise RuntimeError(f"{what}: exit {result['exit']}: {result['err'].strip()[-400:]}")
    return result


def summary(rounds):
    kept = [{k: v for k, v in r.items() if k not in ("out", "err", "exit")} for r in rounds]
    answer = dict(rounds=kept)
    for member in ("wall", "cpu", "rss", "anonymous"):
        values = [r[member] for r in kept]
        answer[member] = dict(min=min(values), median=round(statistics.median(values), 4), max=max(values))
    return answer


def python_with(module):
    """This Python or the system's own, which has Debian's packages; None when neither has the module."""
    pythons = (sys.executable, "/usr/bin/python3")
    return next((p for p in pythons if pathlib.Path(p).exists() and run([p, "-c", f"import {module}"])["exit"] == 0), None)


def size_of(path):
    path = pathlib.Path(path)
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())


def settle(*inputs):
    """Before a run: its input in memory, and nothing of an earlier run that still waits for the disk."""
    for path in map(pathlib.Path, inputs):
        for file in [path] if path.is_file() else filter(pathlib.Path.is_file, path.rglob("*")):
            with open(file, "rb") as source:
                while source.read(1 << 22):
                    pass
    os.sync()


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work).resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.work / ".lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"{self.work} is in use by another run")
        self.size = SIZES["quick" if options.quick else "full"]
        for name in ("csv", "fhir", "hl7", "korean", "ccda"):
            if getattr(options, name):
                self.size[name] = getattr(options, name)
        self.program = pathlib.Path(options.program).resolve()
        self.peers = KIT.is_dir() and not options.no_peers
        self.results = {}

    # --- preparation: programs and inputs, kept in the work folder from run to run

    def compiled(self, name, source, *flags, compiler="g++"):
        target = self.work / name
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            say(f"compiling {name}")
            need(run([compiler, "-O2", *(["-std=c++20"] if compiler == "g++" else []), source, "-o", target, *flags]), name)
        return target

    def own_generator(self):
        return self.compiled("generate", HERE / "generate.cpp", "-lfmt")

    def made(self, folder, command, cwd=None):
        """Runs the command once; an unfinished folder is made anew."""
        path, mark = self.work / folder, self.work / f".{folder}.done"
        if not (path.exists() and mark.exists()) or mark.read_text() != " ".join(map(str, command[1:])):
            say(f"making {folder}")
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            need(run(command, cwd=cwd), folder)
            mark.write_text(" ".join(map(str, command[1:])))
        return path

    def input(self, kind, *numbers):
        name = kind + "-" + "-".join(map(str, numbers))
        if self.peers:
            kit = {"csv": "csv", "fhir": "fhir", "vocabulary": "vocab"}[kind]
            return self.made(name, [self.compiled("gen", KIT / "gen.cpp"), kit, self.work / name, *numbers], cwd=KIT)
        return self.made("own-" + name, [self.own_generator(), kind, self.work / ("own-" + name), *numbers])

    def snapshot(self):
        source = self.input("vocabulary", *self.size["vocabulary"])
        target = self.work / (source.name + ".snapshot")
        if not (target / "snapshot.pyv").exists():
            say("building the vocabulary snapshot")
            need(run([self.program, "vocab", "build", source, "--out", target]), "vocab build")
        return target

    def run_sql(self):
        duckdb = ROOT / ".deps" / "duckdb"
        return self.compiled("run_sql", KIT / "run_sql.c", "-I", duckdb, "-L", duckdb, "-lduckdb", compiler="gcc")

    def peer_vocabulary(self):
        source = self.input("vocabulary", *self.size["vocabulary"])
        target = self.work / (source.name + ".duckdb")
        if not target.exists():
            say("loading the peer's vocabulary")
            part = target.with_suffix(".part")
            part.unlink(missing_ok=True)
            need(run([self.run_sql(), part, 2, "12GB", f"@{KIT / 'vocab_load.sql'}"], env=dict(VOC=str(source))), "vocab_load.sql")
            part.rename(target)
        return target

    # --- commands to compare

    def convert(self, inputs, mapping, to, jobs=2, fresh="ours", place=None, env=None, before=None):
        folder = self.work / fresh

        def once():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            if before:
                before()
            settle(*inputs)
            result = need(run([self.program, "convert", *inputs, "--map", mapping, "--vocab", self.snapshot(), "--to", f"{to}:{place or folder / 'out'}",
                               "--warehouse", folder / "warehouse", "-j", jobs, "--json"], env=env), "convert")
            facts = json.loads(result["out"])
            if not facts["balanced"]:
                raise RuntimeError("the books do not balance")
            if facts["rows"] * 2 < facts["records"]:
                raise RuntimeError(f"{facts['records']} records gave {facts['rows']} rows: not a conversion worth measuring")
            result["facts"] = {k: facts[k] for k in ("records", "bytes", "rows", "refused", "quarantined", "filtered", "stages")}
            result["facts"]["visits"] = facts["tables"].get("visit_occurrence", 0)
            result["output_bytes"] = size_of(folder / "out") if place is None else 0
            shutil.rmtree(folder)
            return result
        return once

    def sql(self, script, source, form):
        folder = self.work / "theirs"
        env = dict(SRC=str(source), VOCDB=str(self.peer_vocabulary()), OUT=str(folder), DKQ="1",
                   FMT="format csv, header true" if form == "csv" else "format parquet, compression zstd", EXT=form)

        def once():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            settle(source)
            result = need(run([self.run_sql(), ":memory:", 2, "12GB", f"@{KIT / script}"], env=env), script)
            result["output_bytes"] = size_of(folder)
            shutil.rmtree(folder)
            return result
        return once

    def plain(self, *command, env=None):
        return lambda: need(run(command, env=env), pathlib.Path(command[0]).name)

    def rounds(self, contestants, many=None):
        """Interleaved; one summary for each contestant."""
        found = {name: [] for name in contestants}
        for number in range(many or self.options.rounds):
            for name, once in contestants.items():
                result = once()
                found[name].append(result)
                say(f"  round {number + 1} {name}: wall {result['wall']:.2f} cpu {result['cpu']:.2f} "
                    f"rss {result['rss'] / 1e6:.0f} MB anonymous {result['anonymous'] / 1e6:.0f} MB")
        answer = {}
        for name, results in found.items():
            answer[name] = summary(results)
            facts = [r["facts"] for r in results if "facts" in r]
            if facts:
                cpu, wall = answer[name]["cpu"]["median"], answer[name]["wall"]["median"]
                stages = {s["name"]: {m: round(statistics.median(t[m] for f in facts for t in f["stages"] if t["name"] == s["name"]), 4)
                                      for m in ("wall", "cpu")} for s in facts[0]["stages"]}
                answer[name].update({k: v for k, v in facts[0].items() if k != "stages"}, stages=stages,
                                    records_per_second=round(facts[0]["records"] / wall), megabytes_per_second=round(facts[0]["bytes"] / wall / 1e6, 1),
                                    megabytes_per_cpu_second=round(facts[0]["bytes"] / cpu / 1e6, 1))
            for result in answer[name]["rounds"]:
                result.pop("facts", None)
        return answer

    @staticmethod
    def verdict(name, value, must, goal, more_is_better=True):
        ok = (lambda limit: value >= limit) if more_is_better else (lambda limit: value <= limit)
        return dict(measure=name, value=round(value, 4), must=must, goal=goal, must_reached=ok(must), goal_reached=ok(goal))

    def ratios(self, found, ours, theirs, must, goal, measures=("cpu", "wall")):
        return [self.verdict(f"{theirs} / {ours}, {m} median", found[theirs][m]["median"] / found[ours][m]["median"], must, goal)
                for m in measures]

    # --- targets

    def clinical(self, to):
        source = self.input("csv", self.size["csv"])
        contestants = {"ours": self.convert([source], HERE / "clinical.map", to)}
        if self.peers:
            contestants["duckdb"] = self.sql("duckdb_etl_tuned.sql", source, to)
            if to == "csv":
                contestants["ours with costs (synthea/csv)"] = self.convert([source], "synthea/csv", to)
        return self.rounds(contestants)

    def T1(self):
        found = self.clinical("csv")
        return dict(what="Synthea CSV to CDM CSV", input_bytes=size_of(self.input("csv", self.size["csv"])), found=found,
                    verdicts=self.ratios(found, "ours", "duckdb", 2, 3) if self.peers else [])

    def T2(self):
        found = self.clinical("parquet")
        return dict(what="Synthea CSV to CDM Parquet", found=found, verdicts=self.ratios(found, "ours", "duckdb", 1.2, 1.8) if self.peers else [])

    def T3(self):
        """Into PostgreSQL and to files, 10,000 patients, against the published time of ETL-Synthea (wall; its server works beside the program)."""
        sys.path.insert(0, str(ROOT / "tests" / "e2e"))
        from postgres import Server
        patients = 10_000 if self.size["csv"] >= 10_000 else self.size["csv"]
        source = self.input("csv", patients)
        place = pathlib.Path(tempfile.mkdtemp(prefix="pyojun-bench-"))
        server = Server(place, "max_wal_size = 4GB\nshared_buffers = 512MB\n")
        try:
            if server.bin is None or not server.start():
                raise RuntimeError("PostgreSQL does not start here")
            services = place / "services.conf"
            services.write_text(f"[bench]\nhost={server.folder}\nuser=tester\ndbname=postgres\n")
            fresh = lambda: server.sql("drop schema if exists bench cascade; checkpoint")
            found = self.rounds({
                "postgresql": self.convert([source], HERE / "clinical.map", "postgresql", place="bench#bench", env=dict(PGSERVICEFILE=str(services)),
                                           before=fresh),
                "csv": self.convert([source], HERE / "clinical.map", "csv")})
        finally:
            server.stop()
            shutil.rmtree(place, ignore_errors=True)
        published = ETL_SYNTHEA_SECONDS * patients / 10_000
        return dict(what=f"{patients} patients into PostgreSQL by binary COPY, and to CSV", found=found, published_seconds=published,
                    verdicts=[self.verdict("ETL-Synthea (published) / postgresql, wall median", published / found["postgresql"]["wall"]["median"], 5, 8),
                              self.verdict("ETL-Synthea (published) / csv, wall median", published / found["csv"]["wall"]["median"], 15, 25)])

    def T4(self):
        folder = self.input("fhir", self.size["fhir"])
        file = folder / "Observation.000.ndjson"
        total = file.stat().st_size
        # Ours refuses an observation whose person was not delivered, so it reads the persons and visits too; the others number references.
        # Twice: with the shipped mapping, which also makes rows of components and reads every detail, and with the yardstick's rows only.
        inputs = [folder / f"{kind}.000.ndjson" for kind in ("Patient", "Encounter", "Observation")]
        contestants = {"ours": self.convert(inputs, HERE / "observation.map", "csv"), "ours, fhir/r4": self.convert(inputs, "fhir/r4", "csv")}
        slow = {}
        if self.peers:
            contestants["duckdb"] = self.sql("duckdb_fhir.sql", folder, "csv")
            part, mapping, out = self.work / "fhir-part.ndjson", self.work / "map.tsv", self.work / "rows.csv"
            with open(file, "rb") as source:  # slow ones get a part; rates are compared
                lines = source.readlines(min(total, 150_000_000))
            part.write_bytes(b"".join(lines))
            del lines
            need(run([self.run_sql(), ":memory:", 2, "4GB", f"attach '{self.peer_vocabulary()}' as v (read_only); copy (select source_vocabulary_id, source_code, "
                      "source_concept_id, target_concept_id, target_domain_id from v.source_to_standard where source_vocabulary_id in ('LOINC', 'UCUM')) "
                      f"to '{mapping}' (format csv, delimiter '\t', header false)"]), "map.tsv")
            slow["node"] = self.plain("node", KIT / "fhir_node.mjs", part, mapping, out)
            slow["python"] = self.plain(sys.executable, KIT / "fhir_py.py", part, mapping, out)
        contestants["simdjson"] = self.plain(self.compiled("simdjson_lines", HERE / "simdjson_lines.cpp", "-lsimdjson"), file)
        found = self.rounds(contestants)
        theirs = {name: total / found[name]["cpu"]["median"] for name in ("duckdb", "simdjson") if name in found}
        if self.peers:
            found.update(self.rounds(slow, min(3, self.options.rounds)))
            theirs.update({name: part.stat().st_size / found[name]["cpu"]["median"] for name in slow})
            part.unlink()
            out.unlink()
        limits = dict(duckdb=(2, 3), node=(8, 15), python=(8, 15), simdjson=(0.25, 0.5))
        verdicts = []
        for ours in ("ours", "ours, fhir/r4"):
            if self.peers:
                verdicts += self.ratios(found, ours, "duckdb", 2, 3, ["cpu"])
            rate = found[ours]["bytes"] / found[ours]["cpu"]["median"]
            verdicts += [self.verdict(f"{ours} / {name}, MB per cpu-s", rate / theirs[name], *limits[name]) for name in limits if name in theirs]
        return dict(what="FHIR Observation NDJSON to rows", input_bytes=total, found=found, verdicts=verdicts)

    def T5(self):
        if not self.peers:
            raise RuntimeError("the HL7 v2 generator is in the shared kit (gen hl7)")
        file = self.work / f"hl7-{self.size['hl7']}.hl7"
        if not file.exists():
            part = file.with_suffix(".part")
            need(run([self.compiled("gen", KIT / "gen.cpp"), "hl7", part, self.size["hl7"]], cwd=KIT), "gen hl7")
            part.rename(file)
        total = file.stat().st_size
        found = self.rounds({"ours": self.convert([file], "hl7v2", "csv")})
        ours = found["ours"]
        mapping = ours["bytes"] / ours["stages"]["map"]["cpu"] / 1e6
        verdicts, reader = [], None
        helper = pathlib.Path(self.options.build) / "tests" / "bench_readers_hl7v2"
        if helper.exists():
            rates = [float(m) for _ in range(self.options.rounds) for m in re.findall(r"median +([\d.]+) MB", need(run([helper, file]), "reader")["out"])]
            reader = statistics.median(rates)
            found["reader"] = dict(megabytes_per_cpu_second=rates)
            verdicts.append(self.verdict("reader alone, MB per cpu-s", reader, 150, 300))
            verdicts.append(self.verdict("reader alone / HAPI's published 14 MB per cpu-s (parsing)", reader / HAPI, 10, 20))
        else:
            say("no bench_readers_hl7v2 in the build folder: the reader alone is not measured (build target bench_readers_hl7v2)")
        part = self.work / "hl7-part.hl7"  # slow ones get a part; rates are compared
        with open(file, "rb") as source, open(part, "wb") as target:
            text = source.read(min(total, 5_000_000))
            target.write(text[:text.rfind(b"\rMSH") + 1 or len(text)])
        script = ("import hl7, sys\nn = 0\nfor text in open(sys.argv[1], newline='').read().replace('\\n', '').split('\\rMSH'):\n"
                  "    text = text if text.startswith('MSH') else 'MSH' + text\n    n += len(hl7.parse(text))\nprint(n)\n")
        python = python_with("hl7")
        if python:
            found.update(self.rounds({"python-hl7, parse only": self.plain(python, "-c", script, part)}, min(3, self.options.rounds)))
            theirs = part.stat().st_size / found["python-hl7, parse only"]["cpu"]["median"] / 1e6
            found["python-hl7, parse only"]["megabytes_per_cpu_second"] = round(theirs, 2)
            if reader:
                verdicts.append(self.verdict("reader alone / python-hl7 (parsing), MB per cpu-s", reader / theirs, 100, 200))
        else:
            say("no python3-hl7 here: not compared")
        part.unlink()
        # What a user waits for; the yardsticks map nothing, so that this is more work than theirs.
        verdicts.append(self.verdict("reader, mapping and commit (stage map), MB per cpu-s", mapping, 150, 300))
        return dict(what="HL7 v2 messages to CDM", input_bytes=total, found=found, verdicts=verdicts)

    def documents(self):
        """Public C-CDA files where they are, else our samples; copies under other names, so that a conversion has something to do."""
        sets = [KIT.parent / "data" / "ccda" / name for name in ("ehr-products", "older-r11", "onc-positive")]
        found = sorted(path for folder in sets for path in folder.rglob("*.xml")) or sorted((ROOT / "testdata" / "ccda").glob("*.xml")) * 20
        folder = self.work / f"ccda-{self.size['ccda']}"
        mark = self.work / f".{folder.name}.done"
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for copy in range(self.size["ccda"]):
                for number, path in enumerate(found):
                    shutil.copyfile(path, folder / f"{copy:03}-{number:04}.xml")
            mark.touch()
        return folder

    def T6(self):
        folder = self.documents()
        helper = pathlib.Path(self.options.build) / "tests" / "bench_readers_cda"
        found, verdicts = self.rounds({"ours": self.convert([folder], "ccda", "csv", jobs=1)}), []
        rate = None
        if helper.exists():
            texts = [need(run([helper, folder]), "bench_readers_cda")["out"] for _ in range(min(3, self.options.rounds))]
            reader, pugixml = ([float(re.search(name + r".*?median\s+(\d+)", t)[1]) for t in texts] for name in ("reader cda", "pugixml parse only"))
            rate = statistics.median(reader)
            found.update(reader=dict(megabytes_per_cpu_second=reader), pugixml=dict(megabytes_per_cpu_second=pugixml))
            verdicts.append(self.verdict("reader / pugixml parse only, MB per cpu-s", rate / statistics.median(pugixml), 0.25, 0.4))
        else:
            say("no bench_readers_cda in the build folder: the reader alone is not measured (build target bench_readers_cda)")
        python = python_with("lxml")
        if python:
            rates = [float(need(run([python, HERE / "lxml_walk.py", folder, 1]), "lxml")["out"]) for _ in range(min(3, self.options.rounds))]
            found["lxml"] = dict(megabytes_per_cpu_second=rates)
            if rate:
                verdicts.append(self.verdict("reader / lxml parse and walk, MB per cpu-s", rate / statistics.median(rates), 3, 5))
            verdicts.append(self.verdict("whole conversion / lxml parse and walk, MB per cpu-s",
                                         found["ours"]["megabytes_per_cpu_second"] / statistics.median(rates), 0, 1))
        else:
            say("no lxml (Debian: python3-lxml): the peer is not measured")
        ours = found["ours"]
        stage = ours["bytes"] / ours["stages"]["map"]["cpu"] / 1e6
        ours["map_megabytes_per_cpu_second"] = round(stage, 1)
        if rate:
            verdicts.append(self.verdict("reader, mapping and commit (stage map) / reader alone, MB per cpu-s", stage / rate, 0, 0.5))
        return dict(what="C-CDA documents", input_bytes=size_of(folder), found=found, verdicts=verdicts)

    def T7(self):
        utf8 = self.made(f"korean-{self.size['korean']}", [self.own_generator(), "csv", self.work / f"korean-{self.size['korean']}", self.size["korean"], "korean"])
        cp949 = self.work / (utf8.name + "-cp949")
        if not cp949.exists():
            part = self.work / "cp949.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            for file in sorted(utf8.glob("*.csv")):
                with open(file, encoding="utf-8", newline="") as source, open(part / file.name, "w", encoding="cp949", newline="") as target:
                    shutil.copyfileobj(source, target, 1 << 22)
            part.rename(cp949)
        # The Korean text is kept (as the value's source value): the dearer case, a field that is not kept is not transcoded.
        text = (HERE / "clinical.map").read_text().replace("value_source_value := VALUE", "value_source_value := DESCRIPTION")
        maps = {}
        for name in ("utf-8", "cp949"):
            maps[name] = self.work / f"{name}.map"
            maps[name].write_text(text + f"\ndialect\n  encoding {name}\n")
        found = self.rounds({"utf-8": self.convert([utf8], maps["utf-8"], "csv"), "cp949": self.convert([cp949], maps["cp949"], "csv")})
        extra = found["cp949"]["cpu"]["median"] / found["utf-8"]["cpu"]["median"] - 1
        return dict(what="CP949 against UTF-8, the same data", input_bytes=[size_of(utf8), size_of(cp949)], found=found,
                    verdicts=[self.verdict("extra cpu of CP949, share", extra, 0.25, 0.15, False)])

    def K1(self):
        folder = self.made(f"hospital-{self.size['hospital']}", [sys.executable, ROOT / "testdata" / "make_korea.py", self.work / f"hospital-{self.size['hospital']}", self.size["hospital"]])
        claims, tables = folder / "claims", folder / "vendor-a"
        found = self.rounds({"fixed width": self.convert([claims], "korea/hira-claim", "csv"), "delimited": self.convert([tables], "korea/vendor-a", "csv")})
        return dict(what="fixed-width claims in CP949, beside the same patients' warehouse tables", input_bytes=[size_of(claims), size_of(tables)], found=found, verdicts=[])

    def T8(self):
        large, small = self.input("csv", self.size["csv"]), self.input("csv", self.size["csv"] // 4)
        found = self.rounds({"whole": self.convert([large], HERE / "clinical.map", "csv"), "quarter": self.convert([small], HERE / "clinical.map", "csv")},
                            min(3, self.options.rounds))
        peak, visits = found["whole"]["anonymous"]["max"], found["whole"]["visits"]
        growth = (peak - found["quarter"]["anonymous"]["max"]) / max(1, visits - found["quarter"]["visits"])
        return dict(what="peak anonymous memory (MB = 10^6 bytes)", found=found, growth_bytes_per_visit=round(growth, 1), verdicts=[
            self.verdict("peak anonymous memory, MB", peak / 1e6, round((512 * 2**20 + 32 * visits) / 1e6, 1), round((256 * 2**20 + 24 * visits) / 1e6, 1), False)])

    def T9(self):
        source = self.input("vocabulary", *self.size["large"])
        target = self.work / "large.snapshot"
        shutil.rmtree(target, ignore_errors=True)
        build = summary([need(run([self.program, "vocab", "build", source, "--out", target]), "vocab build")])
        found, verdicts = dict(build=build), [self.verdict("build, cpu-s", build["cpu"]["median"], 30, 15, False)]
        helper = pathlib.Path(self.options.build) / "tests" / "bench_vocabulary"
        if helper.exists():
            need(run([helper, "-", target]), "warm-up")
            texts = [need(run([helper, "-", target]), "lookups")["out"] for _ in range(self.options.rounds)]
            opens = [float(re.search(r"open: .*?, ([\d.]+) s wall", t)[1]) * 1000 for t in texts]
            rates = [int(m[1]) / float(m[2]) for t in texts for m in [re.search(r"(\d+) known codes, fresh mapping: .*?, ([\d.]+) cpu-s", t)]]
            found.update(open_ms=opens, lookups_per_cpu_second=[round(r) for r in rates])
            verdicts += [self.verdict("open, ms", statistics.median(opens), 10, 5, False),
                         self.verdict("lookups of known codes, fresh mapping of a cached file, million/cpu-s", statistics.median(rates) / 1e6, 1, 2)]
        else:
            say("no bench_vocabulary in the build folder: open and lookups are not measured (build target bench_vocabulary)")
        found["snapshot_bytes"] = size_of(target)
        shutil.rmtree(target)
        if not self.options.keep:
            shutil.rmtree(source)
        return dict(what=f"vocabulary of {self.size['large'][0]:,} concepts, {self.size['large'][1]:,} relationships", found=found, verdicts=verdicts)

    def T10(self):
        one = self.input("csv", 1)
        single = self.rounds({"one patient": self.convert([one], "synthea/csv", "csv")}, max(5, self.options.rounds))
        source = self.input("csv", self.size["csv"])
        found = self.rounds({f"{n} thread": self.convert([source], HERE / "clinical.map", "csv", jobs=n) for n in (1, 2)})
        found.update(single)
        return dict(what="one patient; two threads against one", found=found, verdicts=[
            self.verdict("one patient, wall ms", found["one patient"]["wall"]["median"] * 1000, 200, 50, False),
            self.verdict("1 thread / 2 threads, wall median", found["1 thread"]["wall"]["median"] / found["2 thread"]["wall"]["median"], 1.5, 1.7)])

    def nights(self):
        """The input in two deliveries: all but the last hundredth of every file, and that hundredth as files of their own."""
        source, folder = self.input("csv", self.size["csv"]), self.work / "nights"
        if not folder.exists():
            making = self.work / "nights.work"
            shutil.rmtree(making, ignore_errors=True)
            (making / "first").mkdir(parents=True)
            (making / "second").mkdir()
            for path in sorted(source.glob("*.csv")):
                lines = path.read_bytes().splitlines(keepends=True)
                cut = len(lines) - (len(lines) - 1) // 100
                (making / "first" / path.name).write_bytes(b"".join(lines[:cut]))
                (making / "second" / f"{path.stem}_2.csv").write_bytes(lines[0] + b"".join(lines[cut:]))
            making.rename(folder)
        return folder

    def night(self, to, full):
        """Seconds of one run: of everything at once, or of the second delivery where the first is in the warehouse already."""
        parts, folder = self.nights(), self.work / "night"

        def once():
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "in").mkdir(parents=True)
            targets = f'targets = ["{to}:out"]' if to else ""
            (folder / "job.toml").write_text(f'vocabulary = "{self.snapshot()}"\nwarehouse = "warehouse"\njobs = 2\n{targets}\n[[source]]\nname = "s"\npath = "in"\n'
                                             f'map = "{HERE / "clinical.map"}"\n')
            job = [self.program, "run", folder / "job.toml", "--json"]
            for path in (parts / "first").iterdir():
                os.link(path, folder / "in" / path.name)
            if not full:
                time.sleep(4)  # times younger than three seconds are not trusted
                need(run(job), "the first night")
            for path in (parts / "second").iterdir():
                os.link(path, folder / "in" / path.name)
            result = need(run(job), "night")
            facts = json.loads(result["out"])
            result["facts"] = {k: facts[k] for k in ("records", "bytes", "rows", "quarantined", "stages")}
            shutil.rmtree(folder)
            return result
        return once

    def T11(self):
        found = self.rounds({"full": self.night("", True), "night": self.night("", False), "full, CSV": self.night("csv", True),
                             "night, CSV": self.night("csv", False)})
        share = lambda kind, measure: found["night" + kind][measure]["median"] / found["full" + kind][measure]["median"]
        return dict(what="a night with 1 % new records against a full run", found=found, verdicts=[
            self.verdict("cpu, into the warehouse", share("", "cpu"), 0.1, 0.03, False),
            self.verdict("wall, into the warehouse", share("", "wall"), 0.1, 0.03, False),
            self.verdict("records read", found["night"]["records"] / found["full"]["records"], 0.1, 0.03, False),
            self.verdict("cpu, with the whole CDM as CSV again", share(", CSV", "cpu"), 0.1, 0.03, False)])

    def T12(self):
        data = pathlib.Path(os.environ.get("PYOJUN_SHARED", ROOT.parent / "shared" / "data"))
        small, vocabulary = data / "cdm" / "synthea27nj", data / "vocabulary"
        if not small.is_dir():
            raise RuntimeError("no CDM of 28 persons here (../shared/data/cdm/synthea27nj)")
        copies, many = self.size["copies"], self.size["many_copies"]
        multiply = lambda folder, file, n: self.made(folder, [sys.executable, HERE / "multiply_cdm.py", small, self.work / folder / file, n]) / file
        large, loaded, huge = multiply(f"cdm-{copies}", "csv", copies), multiply(f"cdm-{copies}-db", "copies.duckdb", copies), multiply(f"cdm-{many}-db", "copies.duckdb", many)

        def audit(source):
            # Reading the files is part of it: a user has to wait for that too.
            command = [self.program, "audit", source, "--vocabulary", vocabulary, "--pack", "omop-dqd", "--as-of", "2026-11-25", "-j", 2, "-q"]
            return self.plain(*command)

        names = dict(small="28 persons, CSV", large=f"{copies} copies, CSV", loaded=f"{copies} copies, DuckDB file", huge=f"{many} copies, DuckDB file")
        found = self.rounds({names["small"]: audit(small), names["large"]: audit(large), names["loaded"]: audit(loaded)})
        found.update(self.rounds({names["huge"]: audit(huge)}, many=min(2, self.options.rounds)))
        wall = lambda name: found[names[name]]["wall"]["median"]
        return dict(what=f"2,374 DataQualityDashboard checks: 28 persons; {copies} copies of them (100: 2.5 million rows); {many} copies (4,000: 100 million rows)",
                    input_bytes={name: size_of(path) for name, path in zip(names.values(), (small, large, loaded, huge))}, found=found, verdicts=[
                        self.verdict(names["small"] + ", wall s", wall("small"), 2, 0.7, False), self.verdict(names["large"] + ", wall s", wall("large"), 10, 3, False),
                        self.verdict(names["loaded"] + ", wall s", wall("loaded"), 10, 3, False),
                        self.verdict("PostgreSQL's statements (117 s of SQL) / ours, DuckDB file, wall", DQD_SQL_SECONDS * copies / 100 / wall("loaded"), 10, 30),
                        # No target: what grows faster than the rows would show here.
                        self.verdict("seconds a million rows, DuckDB file: many copies / few", wall("huge") / wall("loaded") * copies / many, 1, 0.6, False)])

    # --- all of it

    def machine(self):
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) * 1024
        return dict(processor=model[1] if model else platform.machine(), cores=os.cpu_count(), memory=memory, system=platform.platform())

    def save(self):
        """Targets of an earlier run with the same program and sizes stay in the file."""
        out = pathlib.Path(self.options.out)
        document = dict(machine=self.machine(), program=need(run([self.program, "--version"]), "--version")["out"].strip(),
                        program_bytes=self.program.stat().st_size, peers=self.peers, quick=self.options.quick,
                        sizes={k: list(v) if isinstance(v, tuple) else v for k, v in self.size.items()})
        earlier = json.loads(out.read_text()) if out.exists() else {}
        kept = earlier.pop("results", {}) if {k: v for k, v in earlier.items() if k != "results"} == document else {}
        document["results"] = dict(sorted({**kept, **self.results}.items(), key=lambda item: TARGETS.index(item[0])))
        out.write_text(json.dumps(document, indent=1) + "\n")

    def all(self, names):
        for name in names:
            say(f"{name} (load {os.getloadavg()[0]:.1f})")
            before = os.getloadavg()[0]
            try:
                self.results[name] = dict(load_before=round(before, 2), **getattr(self, name)())
            except (RuntimeError, OSError) as problem:  # the rest is measured all the same
                self.results[name] = dict(load_before=round(before, 2), problem=str(problem), verdicts=[])
                say(f"  {problem}")
            self.results[name]["load_after"] = round(os.getloadavg()[0], 2)
            self.save()
        for name, result in self.results.items():
            for v in result["verdicts"]:
                state = "goal" if v["goal_reached"] else "must" if v["must_reached"] else "MISSED"
                print(f"{name:4} {v['measure']:64} {v['value']:>10} must {v['must']} goal {v['goal']}: {state}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help=f"of {' '.join(TARGETS)}; default: all")
    parser.add_argument("--work", default=str(ROOT / "build" / "bench"), help="folder for inputs and outputs (full: 12 GB free)")
    parser.add_argument("--program", default=str(ROOT / "build" / "pyojun"))
    parser.add_argument("--build", default=str(ROOT / "build"), help="build folder that may hold tests/bench_vocabulary")
    parser.add_argument("--out", default="bench.json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that the harness works, not what the program can do")
    parser.add_argument("--no-peers", action="store_true", help="only our own generator and our own program")
    parser.add_argument("--keep", action="store_true", help="keep the large vocabulary's files")
    for name in ("ccda", "csv", "fhir", "hl7", "korean"):
        parser.add_argument(f"--{name}", type=int, help="copies of the documents" if name == "ccda" else "patients")
    options = parser.parse_args()
    unknown = [t for t in options.targets if t not in TARGETS]
    if unknown or options.rounds < 1:
        parser.error(f"unknown target {unknown[0]}" if unknown else "--rounds: at least 1")
    Bench(options).all(options.targets or TARGETS)


if __name__ == "__main__":
    main()
