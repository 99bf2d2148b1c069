// Introspects the tokens in the lines of standard input with both introspectors of Spring Security, and prints a line for each:
// "active" and what they found, or "inactive". The blocking one is built twice: it form-encodes the ID and the secret or does not.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;
import org.springframework.security.oauth2.server.resource.introspection.SpringReactiveOpaqueTokenIntrospector;

public class Introspect {
  @SuppressWarnings("removal") // the introspector that does not form-encode
  public static void main(String[] args) throws IOException {
    var endpoint = System.getenv("ISSUER") + "/oauth/introspect";
    var id = System.getenv("CLIENT_ID");
    var secret = System.getenv("CLIENT_SECRET");
    var encoding = SpringOpaqueTokenIntrospector.withIntrospectionUri(endpoint).clientId(id).clientSecret(secret).build();
    var raw = new SpringOpaqueTokenIntrospector(endpoint, id, secret);
    var reactive = SpringReactiveOpaqueTokenIntrospector.withIntrospectionUri(endpoint).clientId(id).clientSecret(secret).build();
    List<Function<String, OAuth2AuthenticatedPrincipal>> introspectors =
        List.of(encoding::introspect, raw::introspect, token -> reactive.introspect(token).block());
    try (var lines = new BufferedReader(new InputStreamReader(System.in))) {
      lines.lines().map(line -> line.split(" ")[1]).map(token -> agreed(introspectors, token)).forEach(System.out::println);
    }
  }

  private static String agreed(List<Function<String, OAuth2AuthenticatedPrincipal>> introspectors, String token) {
    var found = new LinkedHashSet<String>();
    introspectors.forEach(introspector -> found.add(introspect(introspector, token)));
    return String.join(" or ", found);
  }

  private static String introspect(Function<String, OAuth2AuthenticatedPrincipal> introspector, String token) {
    try {
      var found = introspector.apply(token);
      var authorities = found.getAuthorities().stream().map(authority -> authority.getAuthority().replaceFirst("^SCOPE_", "")).sorted();
      return Stream.concat(Stream.of("active", found.getName(), (String) found.getAttribute("username")), authorities)
          .collect(Collectors.joining(" "));
    } catch (BadOpaqueTokenException e) {
      return "inactive";
    } catch (RuntimeException e) {
      return "error " + e.getMessage();
    }
  }
}
