import GatewayHTTP
import NIOCore
import Testing

@Suite struct GRPCStatusTests {
    @Test(
        arguments: [
            (400, 3), (401, 16), (403, 7), (404, 12), (405, 12), (408, 4), (409, 10), (412, 9), (413, 8), (414, 8),
            (421, 2), (422, 3), (429, 8), (431, 8), (499, 1), (500, 13), (501, 12), (502, 14), (503, 14), (504, 4),
            (505, 2),
        ]
    ) func `an error of the gateway has a status of gRPC`(http: Int, code: UInt8) {
        #expect(GRPCStatus(httpStatus: http).rawValue == code)
    }

    @Test(
        arguments: [
            ("0", 0), ("16", 16), ("07", 7), ("17", nil), ("99", nil), ("100", nil), ("-1", nil), ("", nil),
            ("1 ", nil),
            ("x", nil),
        ] as [(String, UInt8?)]
    ) func `only known codes are read`(value: String, code: UInt8?) {
        #expect(Array(value.utf8).withUnsafeBytes { GRPCStatus($0) }?.rawValue == code)
    }

    @Test(
        arguments: [
            ("No route takes this path.", "No route takes this path."), ("50 % off~", "50 %25 off~"),
            ("a\nb\u{7F}", "a%0Ab%7F"), ("Grüße", "Gr%C3%BC%C3%9Fe"),
        ]
    ) func `messages are percent-encoded`(message: String, encoded: String) {
        var fields = HeaderBlock()
        fields.add(.unavailable, message: message.utf8)
        #expect(fields[GRPCStatus.field] == "14")
        #expect(fields[GRPCStatus.messageField] == encoded)
        #expect(fields.grpcStatus == .some(.unavailable))
    }
}
