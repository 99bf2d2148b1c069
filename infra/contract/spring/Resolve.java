// Reads an Authorization header from each line of standard input, and prints what the default resolver of Spring Security takes from
// it: "token" and the token, "error" and the code of RFC 6750, or "none".

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;

public class Resolve {
  public static void main(String[] args) throws IOException {
    try (var lines = new BufferedReader(new InputStreamReader(System.in))) {
      lines.lines().map(Resolve::resolve).forEach(System.out::println);
    }
  }

  private static String resolve(String header) {
    var request = new MockHttpServletRequest();
    request.addHeader("Authorization", header);
    try {
      var token = new DefaultBearerTokenResolver().resolve(request);
      return token == null ? "none" : "token " + token;
    } catch (OAuth2AuthenticationException e) {
      return "error " + e.getError().getErrorCode();
    }
  }
}
