"""Clients as PyPI has them against the server: PYTHON pypi.py URL TOKEN, with the Python that tests/pypi/install makes. Prints one JSON object for
tests/clients/writers.py: what each of them says of a write, of a bad line, of a wrong token."""
import json, sys, urllib.error, urllib.parse, urllib.request

url, token = sys.argv[1:3]
STRANGER = "nbp_no"
T = 1700000000000000000
said = {}


def outcome(act, *known):
    """None, or what a known error has in it."""
    try:
        act()
    except known as e:
        return {k: v for k in ("status", "code", "message", "retry_after") if (v := getattr(e, k, None)) is not None} | {"error": type(e).__name__}


def influxdb1():
    from influxdb import InfluxDBClient
    from influxdb.exceptions import InfluxDBClientError

    def client(password):
        at = urllib.parse.urlsplit(url)
        return InfluxDBClient(host=at.hostname, port=at.port, username="writer", password=password, database="py1", gzip=True, retries=1)
    c = client(token)
    point = {"measurement": "saw", "tags": {"line": "1"}, "time": T // 10 ** 9, "fields": {"speed": 2.5, "count": 3, "on": True, "note": "a b"}}
    return {"ping": c.ping(), "databases": c.get_list_database(), "create": c.create_database("py1"),
            "policy": c.create_retention_policy("short", "7d", "1", database="py1", default=True),
            "written": c.write_points([point], time_precision="s"), "nothing": c.write_points([]),
            "bad": outcome(lambda: c.write_points(["saw speed="], protocol="line"), InfluxDBClientError),
            "stranger": outcome(lambda: client(STRANGER).write_points(["saw speed=1"], protocol="line"), InfluxDBClientError)}


def influxdb2():
    from influxdb_client import InfluxDBClient, Point
    from influxdb_client.client.write_api import SYNCHRONOUS
    from influxdb_client.rest import ApiException

    def write(token, record):
        with InfluxDBClient(url=url, token=token, org="o", enable_gzip=True) as c, c.write_api(write_options=SYNCHRONOUS) as w:
            w.write("py2", "o", record)
    with InfluxDBClient(url=url, token=token, org="o") as c:
        first = {"ping": c.ping(), "version": c.version(), "health": c.health().status, "ready": c.ready().status}
    point = Point("saw").tag("line", "2").field("speed", 2.5).field("count", 3).field("on", True).field("note", "a b").time(T)
    return first | {"written": outcome(lambda: write(token, point), ApiException), "bad": outcome(lambda: write(token, "saw speed="), ApiException),
                    "stranger": outcome(lambda: write(STRANGER, "saw speed=1"), ApiException)}


def influxdb3():
    from influxdb_client_3 import InfluxDBClient3, Point, WriteOptions, WriteType, write_client_options
    from influxdb_client_3.exceptions import InfluxDBPartialWriteError
    from influxdb_client_3.write_client.write_exceptions import ApiException

    def write(token, record, **how):
        options = write_client_options(write_options=WriteOptions(write_type=WriteType.synchronous, use_v2_api=False, **how))
        with InfluxDBClient3(host=url, token=token, database="py3", enable_gzip=True, write_client_options=options) as c:
            c.write(record)

    def lines(record):
        try:
            write(token, record)
        except InfluxDBPartialWriteError as e:
            return [[x.line_number, x.error_message, x.original_line] for x in e.line_errors]
    with InfluxDBClient3(host=url, token=token, database="py3") as c:
        version = c.get_server_version()
    point = Point("saw").tag("line", "3").field("speed", 2.5).field("count", 3).field("on", True).field("note", "a b").time(T)
    return {"version": version, "written": outcome(lambda: write(token, point, no_sync=True), ApiException),
            "partial": lines("saw,line=3 speed=\nsaw,line=3 speed=3.5 %d\nsaw,line=3" % (T + 10 ** 9)),
            "whole": outcome(lambda: write(token, "saw,line=3 speed=4.5 %d\nsaw,line=3 speed=" % (T + 2 * 10 ** 9), accept_partial=False), ApiException),
            "stranger": outcome(lambda: write(STRANGER, "saw speed=1"), ApiException)}


def exporter(token, compression):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    out = OTLPMetricExporter(endpoint=url + "/v1/metrics", headers={"authorization": "Bearer " + token}, compression=Compression(compression))
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("saw")
    meter.create_counter("cuts", unit="1").add(5, {"packed": compression})
    meter.create_histogram("cut.time", unit="s").record(0.25, {"packed": compression})
    return out.export(reader.get_metrics_data()).name


def otlp():
    """The exporter; and what its messages, as the protocol's own classes, say of a point that is not stored and of an error."""
    from google.rpc.status_pb2 import Status
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse

    def post(body):
        return urllib.request.urlopen(urllib.request.Request(
            url + "/v1/metrics", body, {"Authorization": "Bearer " + token, "Content-Type": "application/x-protobuf"})).read()
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="saw.heat").gauge.data_points.add(time_unix_nano=T, as_double=81.5)
    metrics.add(name="saw.noise").exponential_histogram.data_points.add(time_unix_nano=T, count=1)
    partial = ExportMetricsServiceResponse.FromString(post(request.SerializeToString())).partial_success
    try:
        post(b"\xff")
        status = None
    except urllib.error.HTTPError as e:
        status = [e.code, Status.FromString(e.read()).code]
    return {c: exporter(token, c) for c in ("gzip", "deflate", "none")} | {
        "stranger": exporter(STRANGER, "none"), "partial": [partial.rejected_data_points, partial.error_message], "malformed": status}


for part in (influxdb1, influxdb2, influxdb3, otlp):
    said[part.__name__] = part()
print(json.dumps(said))
