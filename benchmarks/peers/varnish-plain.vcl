# Varnish as a plain reverse proxy: nothing is looked up or kept, each request goes to the upstream.
vcl 4.1;

backend origin {
    .host = "@UPSTREAM_HOST@";
    .port = "@UPSTREAM_PORT@";
}

sub vcl_recv {
    # It appends the client to X-Forwarded-For by itself. These two every proxy in this comparison tells its upstream.
    set req.http.X-Forwarded-Proto = "http";
    set req.http.X-Forwarded-Host = req.http.Host;
    return (pass);
}

sub vcl_deliver {
    # No other peer adds them.
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    unset resp.http.Age;
}
