import Foundation
import Testing

@testable import Gateway
@testable import GatewaySettings

struct ConfigurationFolderTests {
    @Test(arguments: [
        ("gateway.toml", "logs/a.log", "logs/a.log"), ("/etc/gateway/gateway.toml", "a.log", "/etc/gateway/a.log"),
        ("conf/gateway.toml", "../a.log", "conf/../a.log"), ("/gateway.toml", "a.log", "/a.log"),
        ("/etc/gateway/gateway.toml", "/var/log/a.log", "/var/log/a.log"), ("/dev/stdin", "a.log", "a.log"),
        ("/dev/fd/63", "a.log", "a.log"), ("/proc/self/fd/0", "a.log", "a.log"),
    ])
    func `relative paths start at the file's folder`(file: String, path: String, expected: String) {
        #expect(ConfigurationFolder(of: file).path(path) == expected)
    }

    @Test func `the default access log is next to the file`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("gateway.toml")
        let toml = """
            log.access = "logs/access.log"
            [[routes]]
            path = "/*"
            respond = { status = 200 }
            """
        try toml.write(to: file, atomically: true, encoding: .utf8)
        let configuration = try GatewayConfiguration(file: file.path, environment: [:])
        #expect(configuration.log.access == .file(path: folder.path + "/logs/access.log"))
        // Text that is not from a file has no folder, whatever name appears in errors.
        let text = try GatewayConfiguration(toml: toml, file: file.path, environment: [:])
        #expect(text.log.access == .file(path: "logs/access.log"))
    }
}
