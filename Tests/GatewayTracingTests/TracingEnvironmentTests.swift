import GatewayCore
import GatewaySettings
import Testing

@testable import GatewayTracing

/// The variables of https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
@Suite struct TracingEnvironmentTests {
    private static func completed(_ variables: [String: String], file: String = "") throws -> TracingConfiguration {
        let routes = "\n[upstreams.a]\ntargets = [\"http://127.0.0.1:1\"]\n[[routes]]\npath = \"/\"\nupstream = \"a\"\n"
        var configuration = try GatewayConfiguration(
            toml: file + routes,
            file: "gateway.toml",
            environment: [:],
            vocabulary: ConfigurationVocabulary(middlewares: [], adminPaths: [])
        )
        configuration.completeTracing { variables[$0] }
        return configuration.tracing
    }

    @Test func `the endpoint for traces is posted to as it is, and wins`() throws {
        let tracing = try Self.completed([
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:4318/own", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318",
        ])
        #expect(TraceSettings(tracing, gateway: "g")?.url.description == "http://a:4318/own")
    }

    @Test func `v1 traces is added to the general endpoint`() throws {
        let tracing = try Self.completed(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318"])
        #expect(TraceSettings(tracing, gateway: "g")?.url.description == "http://b:4318/v1/traces")
    }

    @Test func `the file wins over variables`() throws {
        let file =
            "[tracing]\notlp = \"http://file:4318\"\nservice = \"shop\"\nsample = 0.5\nheaders = { key = \"file\" }"
        let tracing = try Self.completed(
            [
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:1/own", "OTEL_SERVICE_NAME": "other",
                "OTEL_TRACES_SAMPLER_ARG": "1", "OTEL_EXPORTER_OTLP_HEADERS": "key=variable",
            ],
            file: file
        )
        #expect(TraceSettings(tracing, gateway: "g")?.url.description == "http://file:4318/v1/traces")
        #expect(tracing.service == "shop")
        #expect(tracing.sample == 0.5)
        #expect(tracing.headers == ["key": "file"])
    }

    @Test func `header fields and attributes are percent-decoded`() throws {
        let tracing = try Self.completed([
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%2Cb,tenant=x", "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=ignored,deployment.environment.name=a%20b",
            "OTEL_SERVICE_NAME": "shop",
        ])
        #expect(tracing.headers == ["api-key": "a,b", "tenant": "x"])
        #expect(tracing.sample == 0.25)
        #expect(tracing.service == "shop")
        #expect(tracing.environment.resource == [.init("deployment.environment.name", "a b")])
        #expect(tracing.environment.ignored.isEmpty)
    }

    @Test func `the name of the service may be one of the attributes`() throws {
        #expect(try Self.completed(["OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"]).service == "shop")
    }

    @Test func `the headers for traces replace the general ones`() throws {
        let tracing = try Self.completed([
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_HEADERS": "b=2",
        ])
        #expect(tracing.headers == ["a": "1"])
    }

    @Test func `the SDK can be disabled`() throws {
        let tracing = try Self.completed(["OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318"])
        #expect(TraceSettings(tracing, gateway: "g") == nil)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://a"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no equals sign"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "host=a"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a"), ("OTEL_TRACES_SAMPLER_ARG", "2"), ("OTEL_TRACES_SAMPLER_ARG", "half"),
    ])
    func `a variable that makes no sense is ignored and named`(name: String, value: String) throws {
        let tracing = try Self.completed([name: value])
        #expect(tracing.environment.ignored.count == 1)
        #expect(tracing.environment.ignored.first?.hasPrefix("\(name) is not ") == true)
        var without = tracing
        without.environment.ignored = []
        #expect(without == TracingConfiguration())
    }

    @Test(arguments: ["OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER_ARG", "OTEL_EXPORTER_OTLP_ENDPOINT"])
    func `an empty variable means nothing`(name: String) throws {
        #expect(try Self.completed([name: ""]) == TracingConfiguration())
    }
}
