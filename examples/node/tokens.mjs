// Lists the caller's tokens, creates one and deletes it.
import axios from 'axios';

const api = axios.create({
  baseURL: `${process.env.PATS_URL}/api/admin/user/tokens`,
  headers: { Authorization: process.env.PATS_TOKEN },
  timeout: 10_000,
});

try {
  const { data: list } = await api.get('');
  console.log('tokens:', list.pats.length);

  const expiresAt = new Date(Date.now() + 24 * 60 * 60 * 1000);
  const { data: created } = await api.post('', { description: 'Node example', expiresAt });
  console.log('created:', created.id); // the token itself is created.secret, here and never again

  await api.delete(`/${created.id}`);
  console.log('deleted:', created.id);
} catch (error) {
  console.error(error.response?.data?.message ?? error.message);
  process.exitCode = 1;
}
