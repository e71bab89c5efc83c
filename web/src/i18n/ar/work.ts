import crew from './crew.json';
import seller from './seller.json';
import staff from './staff.json';

export default { crew, seller, staff };
