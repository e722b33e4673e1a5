import FoundationEssentials

/// An nginx that answers every request and logs what it parsed.
final class Nginx: Sendable {
    /// One line of its log.
    struct Entry: Decodable, Sendable {
        let method: String
        let target: String
        let version: String
        let host: String
        let contentLength: String
        let transferEncoding: String
        let forwardedFor: String
        let body: String
        let status: String
    }

    let port: Int
    private let folder: String
    private let process: ChildProcess

    private init(port: Int, folder: String, process: ChildProcess) {
        self.port = port
        self.folder = folder
        self.process = process
    }

    /// Runs nginx in a temporary folder while `body` runs.
    static func run<R>(_ body: (Nginx) async throws -> R) async throws -> R {
        let folder = "/tmp/gateway-nginx-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try await withUpstream(playing { _ in }) { $0.port }
        let file = folder + "/nginx.conf"
        try Data(self.configuration(folder, port).utf8).write(to: URL(fileURLWithPath: file))
        let process = try ChildProcess("nginx", "-p", folder, "-c", file, "-e", folder + "/error.log")
        defer { process.stop() }
        let nginx = Nginx(port: port, folder: folder, process: process)
        try await eventually("nginx listens") { FileManager.default.fileExists(atPath: folder + "/nginx.pid") }
        return try await body(nginx)
    }

    /// The log contains the body only if nginx itself forwards it.
    private static func configuration(_ folder: String, _ port: Int) -> String {
        """
        daemon off; worker_processes 1; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
        events { worker_connections 64; }
        http {
          client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
          fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
          large_client_header_buffers 4 64k; client_body_buffer_size 64k; underscores_in_headers on; merge_slashes off;
          log_format parsed escape=json '{"method":"$request_method","target":"$request_uri",'
            '"version":"$server_protocol","host":"$http_host","contentLength":"$content_length",'
            '"transferEncoding":"$http_transfer_encoding","forwardedFor":"$http_x_forwarded_for",'
            '"body":"$request_body","status":"$status"}';
          server {
            listen 127.0.0.1:\(port); access_log \(folder)/access.log parsed;
            location / { proxy_pass http://unix:\(folder)/sink; proxy_set_header Host sink; }
          }
          server { listen unix:\(folder)/sink; access_log off; location / { return 200; } }
        }
        """
    }

    /// The requests logged so far.
    var entries: [Entry] {
        let text = FileManager.default.contents(atPath: self.folder + "/access.log") ?? Data()
        // If a body is not text, the log contains escaped bytes.
        let lines = String(decoding: text, as: UTF8.self).utf8.split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { try? JSONDecoder().decode(Entry.self, from: Data($0)) }
    }
}
