import Foundation
import GatewayAccess
import GatewaySettings

/// What an `Authorization` field says. Input that begins with `:` is a file of users instead.
enum BasicCredentialsCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        if input.first == UInt8(ascii: ":") { return try self.checkFile(input[1...]) }
        let token = input.withUnsafeBytes { field in BasicCredentials.token(in: field).map { Array($0) } }
        switch input.withUnsafeBytes({ BasicCredentials.read($0) }) {
        case .otherScheme: try hold(token == nil, "another scheme has a token")
        case .malformed: try hold(token != nil, "something malformed has no token")
        case .credentials(let credentials):
            try hold(!credentials.name.utf8.contains(UInt8(ascii: ":")), "a name has a colon")
            let pair = Array(credentials.name.utf8) + [UInt8(ascii: ":")] + credentials.password
            try hold(!pair.contains { $0 < 0x20 || $0 == 0x7F }, "credentials have control characters")
            try hold(String(validating: pair, as: UTF8.self) != nil, "credentials are not UTF-8")
            // The same pair always comes in the same bytes, so that its digest identifies it.
            try hold(token == Array(Data(pair).base64EncodedString().utf8), "another form is accepted")
        }
    }

    private static func checkFile(_ input: ArraySlice<UInt8>) throws(BrokenProperty) {
        let text = String(decoding: input, as: UTF8.self)
        switch PasswordFile.read(text) {
        case .mistakes(let mistakes):
            try hold(!mistakes.isEmpty, "no mistake")
            let lines = text.utf8.count { $0 == 0x0A } + 1
            try hold(mistakes.allSatisfy { (1...lines).contains($0.line) }, "a mistake is outside the file")
            try hold(mistakes.allSatisfy { !$0.suggestion.isEmpty }, "a mistake without a suggestion")
        case .users(let users):
            let written = users.map { "\($0.name):\($0.password.text)\n" }.joined()
            guard case .users(let again) = PasswordFile.read(written) else {
                throw BrokenProperty(description: "users do not read when written again")
            }
            try hold(again == users, "users read differently when written again")
            try hold(Set(users.map(\.name)).count == users.count, "a name twice")
        }
    }
}
