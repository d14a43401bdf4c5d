#!/usr/bin/env python3
"""What the field's own tools say of made-up worlds.

  tell.py WORLDS_DIR OUT_DIR     every WORLDS_DIR/*.json is served as a Kubernetes API on the loopback
                                 address; the rollouts plug-in (and kubectl, for Deployments) is asked
                                 about every Rollout and Deployment in it
  tell.py --random N OUT_DIR     N random worlds instead (--seed S)

Writes OUT_DIR/<world>/get/NN-<name>.json with .txt or .status beside it: the shape of demo/recordings,
so that QUARTERDECK_RECORDINGS=OUT_DIR makes the golden tests compare them. A world is one object:
{"rollouts": [...], "replicasets": [...], "pods": [...], ...}. Standard library only.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KINDS = {
    "namespaces": ("/api/v1", "Namespace"),
    "pods": ("/api/v1", "Pod"),
    "events": ("/api/v1", "Event"),
    "deployments": ("/apis/apps/v1", "Deployment"),
    "replicasets": ("/apis/apps/v1", "ReplicaSet"),
    "rollouts": ("/apis/argoproj.io/v1alpha1", "Rollout"),
    "analysisruns": ("/apis/argoproj.io/v1alpha1", "AnalysisRun"),
    "experiments": ("/apis/argoproj.io/v1alpha1", "Experiment"),
}
GROUPS = {"/apis/apps/v1": "apps", "/apis/argoproj.io/v1alpha1": "argoproj.io"}
WORLD = {}
PLUGIN = os.environ.get("ARGO_ROLLOUTS_PLUGIN",
                        str(pathlib.Path.home() / ".cache/quarterdeck-lab/bin/kubectl-argo-rollouts"))


def api_version(kind):
    return KINDS[kind][0].removeprefix("/apis/").removeprefix("/api/")


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, code=200):
        raw = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = url.path.rstrip("/")
        if path == "/api":
            return self.answer({"kind": "APIVersions", "versions": ["v1"]})
        if path == "/apis":
            return self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": name, "versions": [{"groupVersion": root[6:], "version": root.rsplit("/", 1)[1]}],
                 "preferredVersion": {"groupVersion": root[6:], "version": root.rsplit("/", 1)[1]}}
                for root, name in GROUPS.items()]})
        if path == "/version":
            return self.answer({"major": "1", "minor": "34", "gitVersion": "v1.34.4"})
        roots = {root for root, _ in KINDS.values()}
        if path in roots:
            return self.answer({"kind": "APIResourceList", "apiVersion": "v1",
                                "groupVersion": path.removeprefix("/apis/").removeprefix("/api/"),
                                "resources": [{"name": plural, "singularName": "", "namespaced": plural != "namespaces",
                                               "kind": kind, "verbs": ["get", "list", "watch"]}
                                              for plural, (root, kind) in KINDS.items() if root == path]})
        words = path.split("/")
        plural = next((word for word in words if word in KINDS and word != "namespaces"), None)
        if plural is None or query.get("sendInitialEvents") == "true":
            return self.answer({"kind": "Status", "status": "Failure", "code": 400, "reason": "BadRequest",
                                "message": "not here"}, 400)
        items = WORLD.get(plural, [])
        name = next((part.split("=", 1)[1] for part in query.get("fieldSelector", "").split(",")
                     if part.startswith("metadata.name=")), None)
        if words[-1] != plural:
            name = words[-1]
            found = [item for item in items if item["metadata"]["name"] == name]
            return self.answer(found[0] | {"apiVersion": api_version(plural), "kind": KINDS[plural][1]}) if found else \
                self.answer({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"}, 404)
        if query.get("watch") in ("1", "true"):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            threading.Event().wait(5)
            return None
        items = [item for item in items if name in (None, item["metadata"]["name"])]
        return self.answer({"apiVersion": api_version(plural), "kind": KINDS[plural][1] + "List",
                            "metadata": {"resourceVersion": "1"},
                            "items": [item | {"apiVersion": api_version(plural), "kind": KINDS[plural][1]}
                                      for item in items]})


def tell(name, world, out, kubeconfig):
    WORLD.clear()
    WORLD.update(world)
    folder = out / name / "get"
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"KUBECONFIG": kubeconfig}
    number = 0
    for plural, ending, words in (
            ("rollouts", ".txt", lambda n: [PLUGIN, "get", "rollout", n, "--no-color"]),
            ("deployments", ".status", lambda n: ["kubectl", "rollout", "status", f"deployment/{n}", "--watch=false"])):
        for row in world.get(plural, []):
            number += 1
            meta = row["metadata"]
            done = subprocess.run(words(meta["name"]) + ["-n", meta["namespace"]], env=environment,
                                  capture_output=True, text=True, timeout=30)
            if plural == "rollouts" and done.returncode:
                print(f"{name}: {meta['name']}: {done.stderr.strip()}")
                continue
            stem = folder / f"{number:02}-{meta['name']}"
            stem.with_suffix(".json").write_text(json.dumps(world, separators=(",", ":"), sort_keys=True) + "\n")
            stem.with_suffix(ending).write_text(done.stdout + (done.stderr if ending == ".status" else ""))


class Random:
    """A world that no controller would make, but that every rule of the tools has an answer for."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.count = 0

    def some(self, *choices):
        return self.dice.choice(choices)

    def maybe(self, value, chance=0.5):
        return value if self.dice.random() < chance else None

    def meta(self, name, owner=None, **more):
        self.count += 1
        meta = {"name": name, "namespace": "production", "uid": f"uid-{self.count:04}",
                "resourceVersion": str(self.count), "generation": self.some(1, 2, 3),
                "creationTimestamp": f"2026-11-21T01:{self.dice.randrange(20, 23):02}:{self.dice.randrange(60):02}Z"}
        if owner:
            meta["ownerReferences"] = [{"apiVersion": "v1", "kind": owner[0], "name": owner[1]["name"],
                                        "uid": owner[1]["uid"], "controller": True}]
        return meta | {key: value for key, value in more.items() if value}

    def template(self):
        images = [f"ghcr.io/shop/app:{self.dice.randrange(4)}" for _ in range(self.some(1, 1, 1, 2))]
        return {"spec": {"containers": [{"name": f"c{n}", "image": image} for n, image in enumerate(images)],
                         "initContainers": [{"name": "init", "image": "busybox"}] if self.maybe(1, 0.2) else []}}

    def state(self):
        return self.some(
            {"running": {"startedAt": "2026-11-21T01:20:00Z"}}, {"running": {}},
            {"waiting": {"reason": "CrashLoopBackOff"}}, {"waiting": {"reason": "ImagePullBackOff", "message": "no"}},
            {"waiting": {"reason": "PodInitializing"}}, {"waiting": {}}, {},
            {"terminated": {"exitCode": 0, "reason": "Completed"}}, {"terminated": {"exitCode": 1, "reason": "Error"}},
            {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, {"terminated": {"exitCode": 3}},
            {"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 1, "signal": 9}})

    def status(self, name):
        return {"name": name, "image": "x", "imageID": "", "ready": self.some(True, True, False),
                "started": self.some(True, False, None), "restartCount": self.some(0, 0, 1, 7), "state": self.state(),
                "lastState": {}}

    def pod(self, replica_set, number):
        containers = [f"c{n}" for n in range(self.some(1, 1, 2, 3))]
        inits = [f"i{n}" for n in range(self.some(0, 0, 0, 1, 2))]
        meta = self.meta(f"{replica_set['metadata']['name']}-{number:05x}", ("ReplicaSet", replica_set["metadata"]),
                         deletionTimestamp=self.maybe("2026-11-21T01:30:00Z", 0.1))
        if "deletionTimestamp" in meta:
            meta["deletionGracePeriodSeconds"] = 30
        plain = self.maybe(1, 0.4)
        status = {"phase": "Running", "containerStatuses": [
            {"name": name, "image": "x", "imageID": "", "ready": True, "restartCount": 0,
             "state": {"running": {}}, "lastState": {}} for name in containers]}
        if not plain:
            status = {"phase": self.some("Running", "Pending", "Failed", "Succeeded", "Unknown"),
                      "reason": self.maybe(self.some("Evicted", "NodeLost"), 0.1),
                      "containerStatuses": [self.status(name) for name in containers] if self.maybe(1, 0.8) else None,
                      "initContainerStatuses": [self.status(name) for name in inits]}
        return {"metadata": meta, "status": {key: value for key, value in status.items() if value},
                "spec": {"containers": [{"name": name, "image": "x"} for name in containers],
                         "initContainers": [{"name": name, "image": "x"} |
                                            ({"restartPolicy": "Always"} if self.maybe(1, 0.3) else {})
                                            for name in inits]}}

    def replica_set(self, owner, name, hashes, world, **annotations):
        wanted = self.some(0, 0, 1, 3)
        meta = self.meta(name, owner, labels={"rollouts-pod-template-hash": self.some(*hashes)})
        notes = {"rollout.argoproj.io/revision": self.maybe(str(self.some(1, 2, 3)), 0.9),
                 "scale-down-deadline": self.maybe(self.some("2026-11-21T01:00:00Z", "2036-11-21T01:00:00Z"), 0.2)}
        meta["annotations"] = {key: value for key, value in (notes | annotations).items() if value}
        conditions = [{"type": "ReplicaFailure", "status": self.some("True", "False"), "reason": "FailedCreate"}]
        row = {"metadata": meta, "spec": {"replicas": wanted, "template": self.template()},
               "status": {"replicas": self.some(wanted, wanted, 2), "availableReplicas": self.some(wanted, wanted, 1),
                          "readyReplicas": wanted, "observedGeneration": self.some(3, 3, 3, 1),
                          "conditions": conditions if self.maybe(1, 0.1) else []}}
        world["replicasets"].append(row)
        for number in range(self.some(0, 1, 2)):
            world["pods"].append(self.pod(row, number))

    def run(self, owner, name, world):
        phases = ("Pending", "Running", "Successful", "Failed", "Error", "Inconclusive", "")
        metrics = [f"m{n}" for n in range(self.some(0, 1, 2))]
        results = [{key: value for key, value in {
            "name": metric, "phase": self.some(*phases), "count": 5, "successful": self.some(0, 4),
            "failed": self.some(0, 0, 2), "inconclusive": self.some(0, 0, 1), "error": self.some(0, 0, 3),
            "measurements": [{"phase": "Successful", "value": "1", "startedAt": "2026-11-21T01:20:00Z"} |
                             ({"metadata": {"job-name": f"job-{n}"}} if self.maybe(1, 0.2) else {})
                             for n in range(self.some(0, 2))]}.items() if value or key == "phase"} for metric in metrics]
        meta = self.meta(name, owner)
        meta["annotations"] = {"rollout.argoproj.io/revision": str(self.some(1, 2, 3))}
        world["analysisruns"].append({
            "metadata": meta, "spec": {"metrics": [{"name": metric, "provider": {"web": {"url": "http://x"}}}
                                                   for metric in metrics]},
            "status": {"phase": self.some(*phases), "metricResults": results or None}})

    def step(self):
        return self.some({"setWeight": self.some(0, 5, 20, 50)}, {"pause": {}}, {"pause": {"duration": "10m"}},
                         {"analysis": {"templates": [{"templateName": "x"}]}}, {"setCanaryScale": {"replicas": 2}},
                         {"experiment": {"templates": []}})

    def strategy(self):
        canary = {"steps": [self.step() for _ in range(self.some(0, 1, 4, 9))],
                  "trafficRouting": self.some(None, {}, {"istio": {"virtualService": {"name": "x"}}},
                                              {"nginx": {"stableIngress": "x"}, "maxTrafficWeight": 1000}),
                  "pingPong": self.maybe({"pingService": "a", "pongService": "b"}, 0.2),
                  "dynamicStableScale": self.maybe(True, 0.2)}
        blue_green = {"activeService": "a", "autoPromotionEnabled": self.some(None, False),
                      "postPromotionAnalysis": self.maybe({"templates": []}, 0.3)}
        return self.some({"canary": {key: value for key, value in canary.items() if value is not None}},
                         {"canary": {key: value for key, value in canary.items() if value is not None}},
                         {"blueGreen": {key: value for key, value in blue_green.items() if value is not None}}, {})

    def world(self):
        world = {kind: [] for kind in ("rollouts", "deployments", "replicasets", "pods", "analysisruns", "experiments")}
        name, hashes = "app", ["aaa", "bbb", "ccc"]
        meta = self.meta(name)
        owner = ("Rollout", meta)
        phases = ("Healthy", "Degraded", "Progressing", "Paused", "")
        conditions = [{"type": self.some("Progressing", "InvalidSpec", "Available"), "status": "False",
                       "reason": self.some("RolloutAborted", "ProgressDeadlineExceeded", "NewReplicaSetAvailable"),
                       "message": "the reason why"} for _ in range(self.some(0, 0, 1, 2))]
        status = {
            "phase": self.some(*phases), "message": self.some("", "", "more replicas need to be updated"),
            "observedGeneration": self.some(str(meta["generation"]), str(meta["generation"]), "1", "9", "5d4f", ""),
            "currentPodHash": self.some(*hashes), "stableRS": self.some(*hashes, ""),
            "currentStepIndex": self.some(None, 0, 1, 2, 4, 9, 12), "abort": self.maybe(True, 0.2),
            "controllerPause": self.maybe(True, 0.2),
            "pauseConditions": self.maybe([{"reason": self.some("CanaryPauseStep", "BlueGreenPause"),
                                            "startTime": "2026-11-21T01:20:00Z"}], 0.3),
            "replicas": self.some(0, 3, 6), "updatedReplicas": self.some(0, 1, 3), "readyReplicas": self.some(0, 3),
            "availableReplicas": self.some(0, 1, 3, 6), "conditions": conditions,
            "restartedAt": self.maybe("2026-11-21T01:20:00Z", 0.1),
            "blueGreen": {"activeSelector": self.some("", *hashes), "previewSelector": self.some("", *hashes)},
            "canary": {"stablePingPong": self.some("", "ping", "pong"),
                       "weights": self.maybe({"canary": {"weight": self.some(0, 5, 33)}, "stable": {"weight": 67}})}}
        status["canary"] = {key: value for key, value in status["canary"].items() if value}
        spec = {"replicas": self.some(None, 0, 3, 6), "paused": self.maybe(True, 0.1), "strategy": self.strategy(),
                "restartAt": self.maybe("2026-11-21T01:20:00Z", 0.1)}
        if self.maybe(1, 0.2):
            spec["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "source"}
            meta["annotations"] = {"rollout.argoproj.io/workload-generation": "7"}
            status["workloadObservedGeneration"] = self.some("7", "6")
        else:
            spec["template"] = self.template()
        world["rollouts"].append({"metadata": meta,
                                  "spec": {key: value for key, value in spec.items() if value is not None},
                                  "status": {key: value for key, value in status.items() if value not in (None, "")}})
        for number in range(self.some(0, 1, 2, 4)):
            self.replica_set(owner, f"{name}-{number}", hashes, world)
        for number in range(self.some(0, 0, 1, 2)):
            experiment = self.meta(f"{name}-exp-{number}", owner)
            experiment["annotations"] = {"rollout.argoproj.io/revision": str(self.some(1, 2))}
            world["experiments"].append({"metadata": experiment, "spec": {"templates": []},
                                         "status": {"phase": self.some("Pending", "Running", "Successful", "Failed")}})
            for part in range(self.some(0, 1, 2)):
                self.replica_set(("Experiment", experiment), f"{experiment['name']}-{part}", hashes, world,
                                 **{"experiment.argoproj.io/template-name": self.some("baseline", "canary", "")})
            for part in range(self.some(0, 0, 1)):
                self.run(("Experiment", experiment), f"{experiment['name']}-run-{part}", world)
        for number in range(self.some(0, 1, 2, 3)):
            self.run(owner, f"{name}-run-{number}", world)
        wanted = self.some(0, 1, 4)
        deployment = self.meta("source")
        world["deployments"].append({
            "metadata": deployment, "spec": {"replicas": wanted, "template": self.template()},
            "status": {"observedGeneration": self.some(3, 3, 1), "replicas": self.some(wanted, wanted, 4),
                       "updatedReplicas": self.some(wanted, wanted, wanted, 1),
                       "availableReplicas": self.some(wanted, wanted, 0),
                       "conditions": [{"type": "Progressing", "status": self.some("True", "False"),
                                       "reason": self.some("NewReplicaSetAvailable", "ProgressDeadlineExceeded",
                                                           "ReplicaSetUpdated")}] if self.maybe(1, 0.5) else []}})
        return world


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="?")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = pathlib.Path(folder) / "kubeconfig"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "x", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x", "namespace": "production"}}]}))
        if options.random:
            for number in range(options.random):
                seed = options.seed + number
                tell(f"random-{seed:05}", Random(seed).world(), options.out, str(kubeconfig))
        else:
            for path in sorted(pathlib.Path(options.worlds).glob("*.json")):
                tell(path.stem, json.loads(path.read_text()), options.out, str(kubeconfig))


main()
